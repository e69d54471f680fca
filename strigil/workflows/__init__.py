"""What joins the stages: each workflow takes settings, returns what was made, and prints nothing."""
