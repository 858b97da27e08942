import sys

import see

see.wait_for(sys.argv[1])
