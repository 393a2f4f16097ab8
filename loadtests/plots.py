"""How all plots look: on white, in colours that can be told apart (Okabe and Ito's, for the colour-blind too)."""

from __future__ import annotations

from pygal.style import Style

STYLE = Style(
    background="white",
    plot_background="white",
    opacity=1,
    opacity_hover=1,
    foreground="#333",
    foreground_strong="#000",
    foreground_subtle="#777",
    colors=("#0072b2", "#d55e00", "#009e73", "#cc79a7", "#e69f00", "#56b4e9", "#7f3f00", "#000000"),
    font_family="system-ui, sans-serif",
    label_font_size=12,
    legend_font_size=13,
    title_font_size=16,
)
