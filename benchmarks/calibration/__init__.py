"""How often a study says what is not so, and what is: a Monte Carlo through the analysis of every report."""
