"""A gate's report in the forms that machines and people read; each is a function of the report alone."""
