"""What a run can measure, one file a part. Each asks the session's engines, keeps single figures, returns tables."""
