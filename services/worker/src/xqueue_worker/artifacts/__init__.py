"""What handlers read and write beside payload and result: files of any size."""
