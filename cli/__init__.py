"""What a person types: the commands, their options, what is read and where it is written. It alone prints and exits."""
