"""A course as HTML pages that need neither a server nor a network.

Markdown is hostile input here. Its HTML is shown as text, except for `details`, `summary` and
`br`; it reaches a page only through the renderer's own tokens.
"""
