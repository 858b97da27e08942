print("compare_and_save")
