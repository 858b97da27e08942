import see

see.serve()
