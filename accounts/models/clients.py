"""Institutions and the programs that read for them."""
