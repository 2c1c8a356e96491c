"""Queries in the language of Logs Insights: `fields`, `display`, `filter`, `parse`, `stats`, `sort`, `limit`.

lexing, expressions, functions    what stands in commands
commands        a query's text as a plan
statistics      `stats`: groups and what is counted of them
records         an event and the fields that are found in it
running         a plan over the events of groups, a page at a time
operations      StartQuery, GetQueryResults, StopQuery, DescribeQueries

https://docs.aws.amazon.com/AmazonCloudWatch/latest/logs/CWL_QuerySyntax.html
"""
