"""The child process of one attempt: started afresh, told what to run, asked for nothing but frames."""
