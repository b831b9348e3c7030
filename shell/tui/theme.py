"""The two palettes that the screen brings along: quiet grounds, one accent, and three colours that
mean something everywhere (kept, dropped, trouble)."""

from textual.theme import Theme

DARK = Theme(
    name="qshell-dark",
    dark=True,
    primary="#7aa2c9",
    secondary="#8c9bb0",
    accent="#e0b872",
    success="#86c08a",
    warning="#e0b872",
    error="#e08080",
    foreground="#d6dae0",
    background="#15181d",
    surface="#1b1f26",
    panel="#232932",
    variables={
        "footer-key-foreground": "#e0b872",
        "footer-description-foreground": "#8c95a3",
        "input-selection-background": "#7aa2c9 35%",
        "block-cursor-text-style": "none",
        "block-cursor-foreground": "#e8ebf0",
        "block-cursor-background": "#2e3744",
        "block-cursor-blurred-background": "#232932",
    },
)
LIGHT = Theme(
    name="qshell-light",
    dark=False,
    primary="#2f6690",
    secondary="#5b6776",
    accent="#8a5a00",
    success="#2c7a39",
    warning="#8a5a00",
    error="#b3342d",
    foreground="#23282f",
    background="#f7f6f2",
    surface="#efede7",
    panel="#e4e1d8",
    variables={
        "footer-key-foreground": "#8a5a00",
        "footer-description-foreground": "#5b6776",
        "block-cursor-text-style": "none",
        "block-cursor-foreground": "#15181d",
        "block-cursor-background": "#d5d9df",
        "block-cursor-blurred-background": "#e4e1d8",
    },
)
THEMES = (DARK, LIGHT)
