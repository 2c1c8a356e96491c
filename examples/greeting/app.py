"""A first function: greets, counts the greetings of its environment, and writes a line to its log."""

import os

greeted = 0  # kept as long as this execution environment is


def handler(event, context):
    global greeted
    name = event["name"]
    greeted += 1
    print(f"greeting {name}, number {greeted} here, {context.get_remaining_time_in_millis()} ms left")
    return {"message": f"{os.environ['GREETING']}, {name}!", "number": greeted}
