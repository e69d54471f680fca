"""What `import strigil` gives: a function for each thing that the command line does, through the same workflows."""
