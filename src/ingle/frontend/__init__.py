"""The one way into a function: authorise, resolve, count, assign, stream back."""
