import sys

from tests.check.check import main

sys.exit(main())
