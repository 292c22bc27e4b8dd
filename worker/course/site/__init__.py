"""The page to look at: a course as HTML that needs neither a server nor a network.

Markdown is hostile input here. Its HTML is shown as text, except for `details`, `summary` and
`br`; nothing of it reaches a page but through the renderer's own tokens.
"""
