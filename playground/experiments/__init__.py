"""An experiment is declared once; page, terminal, Python, links and exports are made from it."""
