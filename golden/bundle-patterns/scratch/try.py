print("try")
