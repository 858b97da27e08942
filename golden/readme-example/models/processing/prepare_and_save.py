print("prepare_and_save")
