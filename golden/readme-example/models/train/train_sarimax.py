print("train_sarimax")
