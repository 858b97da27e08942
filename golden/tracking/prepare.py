import prepare
