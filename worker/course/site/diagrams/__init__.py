"""Diagrams: Mermaid's flowcharts, class, state and sequence diagrams, drawn as SVG.

They are drawn by the program, so that a page needs no script of three megabytes, works
from a folder, and can hold only the elements that are written here, whatever a diagram's text says.
"""
