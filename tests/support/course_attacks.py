"""Markdown that tries to smuggle more than text into a page, or to take too long."""

from typing import Final

ATTACKS: Final = {
    "script": "<script>alert(1)</script>",
    "script in capitals, cut": "<SCRIPT\nSRC=//evil.example/x.js>",
    "event of an element": '<b onclick="alert(1)">x</b> <details ontoggle=alert(1) open>',
    "event of a fold": "<details open onclick=x>\n<summary onclick=x>y</summary>",
    "image": "<img src=//evil.example/x.png> ![x](https://evil.example/x.png)",
    "image of an inner file": "![x](../../etc/passwd) ![x](data:image/svg+xml,<svg>)",
    "image in a link": "[![x](https://evil.example/x)](https://good.example/)",
    "javascript link": "[x](javascript:alert(1)) [x](JaVaScRiPt:alert(1))",
    "javascript link, spaced": "[x](<java\tscript:alert(1)>) [x](&#x6A;avascript:alert(1))",
    "javascript link, by control character": "[x](\x01javascript:alert(1))",
    "data link": "[x](data:text/html,<script>alert(1)</script>)",
    "file, vbscript, blob": "[x](file:///etc/passwd) [y](vbscript:x) [z](blob:x)",
    "reference": "[x]\n\n[x]: javascript:alert(1)",
    "reference to a data URL": '[x][y]\n\n[y]: data:text/html,x "title"',
    "autolinks": "<javascript:alert(1)> <data:text/html,x> <a@b.example> <http://x.example>",
    "link without a scheme": "[x](//evil.example/) [y](/etc/passwd) [z](\\\\evil\\x)",
    "link with a password": "[x](https://github.com@evil.example/)",
    "link in a link": (
        "[x<https://x.example>](javascript:alert(1)) "
        "[y<https://y.example>](https://a.example)"
    ),
    "link with quotes": '[x](https://a.example/"onmouseover="alert(1))',
    "title": '[x](https://a.example/ "\\" onclick=\\"alert(1)")',
    "raw link": '<a href="javascript:alert(1)">x</a> <a href=https://evil.example>x</a>',
    "entities": "&lt;script&gt;alert(1)&lt;/script&gt; &#60;script&#62; &#0; &quot;",
    "svg": "<svg onload=alert(1)><script>alert(1)</script></svg>",
    "style": "<style>@import url(//evil.example)</style> <p style='x:url(//e)'>",
    "iframe": "<iframe src=https://evil.example></iframe><object data=x><embed src=x>",
    "meta": '<meta http-equiv="refresh" content="0;url=https://evil.example">',
    "base and form": '<base href="https://evil.example/"><form action=x><input>',
    "comment and instruction": "<!-- x --> <![CDATA[x]]> <?php x ?> <!doctype x>",
    "comment that is not closed": "<!--\n\n# x",
    "end of the article": "</article></main></body></html>\n<script>x</script>",
    "end of a fold": "</details></summary></details>\n\n- <details>\n\n</details>\n\n> <summary>",
    "front matter": "---\ntitle: <script>alert(1)</script>\n---\n# x",
    "language of a fence": '```"><script>alert(1)</script>\nx\n```',
    "code": "`<script>` ``` <img> ```\n\n    <script>\n\n~~~html\n</code></pre><script>\n~~~",
    "heading": '# <script>x</script> "onclick=x\n\n## ui.main\n\n## x" onclick="y',
    "table": '| a |\n| :-: |\n| <script>x</script> "|" |\n| [x](javascript:x) |',
    "emphasis": "**<script>** _<b>_ ~~<i>~~",
    "mermaid: click": '```mermaid\ngraph TD\nA-->B\nclick A "javascript:alert(1)"\n```',
    "mermaid: callback": "```mermaid\ngraph TD\nA-->B\nclick A call alert(1)\n```",
    "mermaid: directive": "```mermaid\n%%{init: {'securityLevel': 'loose'}}%%\n"
    "graph TD\nA-->B\n```",
    "mermaid: label": '```mermaid\ngraph TD\nA["<img src=x onerror=alert(1)>"]-->|<script>|B\n```',
    "mermaid: style": "```mermaid\ngraph TD\nA-->B\nstyle A fill:url(//evil.example)\n```",
    "mermaid: classes": '```mermaid\nclassDiagram\nclass A["<script>"]{\n+x() "onclick=\n}\n```',
    "mermaid: sequence": "```mermaid\nsequenceDiagram\nA->>B: <script>x</script>\n"
    "Note over A: <b onclick=x>\n```",
    "mermaid: end of the fence": "```mermaid\n</svg><script>alert(1)</script>\n```",
    "mermaid: front matter": "```mermaid\n---\nconfig:\n  x: <script>\n---\ngraph TD\nA-->B\n```",
    "control characters": "a\x00b\x07c\x1bd\u202ee\u2066f\x7f\x85 [x](https://a.example/\x00)",
    "control characters as entities": "# a&#x202e;b &#1; &#x85;\n\n[x](https://a.example/&#x202e;)",
    "carriage returns": "# a\r\r\n<script>\rx</script>\r",
    "deep quotes": ">" * 5_000 + " x",
    "deep lists": "\n".join("  " * depth + "- x" for depth in range(300)),
    "deep folds": "<details>\n" * 3_000 + "x",
    "deep brackets": "[" * 20_000 + "x" + "]" * 20_000,
    "deep emphasis": "*a _b " * 15_000,
    "a line of a megabyte": "x" * 1_000_000,
    "a paragraph of many links": "[a](b" * 60_000,
    "backticks": "".join("`" * n + " " for n in range(700)),
    "a line of code of a megabyte": "```python\n" + "(" * 1_000_000 + "\n```",
    "many entities": "&" * 50_000 + "&amp;" * 10_000,
    "many autolinks": "<a" * 50_000,
    "many references": "\n".join(f"[{n}]: x\n" for n in range(20_000)),
    "many table cells": "|a" * 5_000
    + "\n"
    + "|-" * 5_000
    + "\n"
    + "|a\n" * 5_000,
    "many folds": "<details><summary>x</summary>y</details>\n" * 5_000,
}
