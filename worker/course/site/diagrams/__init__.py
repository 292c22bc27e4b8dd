"""Draws Mermaid's flowcharts, class, state and sequence diagrams as SVG.

Because the program draws them, a page needs no script of three megabytes, works from a folder, and
can contain only the elements written here, whatever a diagram's text says.
"""
