"""The documentation as a site: pages of docs/, and reference pages made from the code."""
