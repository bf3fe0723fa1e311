"""What networks of the zoo learn: a file for each task, or family of tasks."""
