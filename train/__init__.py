"""Rows to student: LoRA fine-tuning on prompt and completion, with every setting written down."""
