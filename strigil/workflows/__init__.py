"""What joins the stages: demo, study, gate, publish and verify."""
