import sys

from tests.local_aws.server import main

sys.exit(main())
