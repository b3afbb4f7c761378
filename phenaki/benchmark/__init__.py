"""How long sampling takes, here and in the program that others use today."""
