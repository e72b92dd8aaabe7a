"""Pictures as SVG, drawn on the server: no script, colours from the style sheet, a title for who cannot see. Pure."""
