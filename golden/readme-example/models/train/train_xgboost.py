print("train_xgboost")
