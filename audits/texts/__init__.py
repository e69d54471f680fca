"""What rules read texts with: words in disguise, lists of numbers, signatures."""
