"""How far two samples lie apart: one function for each distance. Everything takes NumPy arrays."""
