# Runs commands of the AWS CLI that is installed for this Python. Reads one JSON array of arguments per line from standard
# input, runs it in a forked process, and writes one JSON object per line with the exit code and the output. Loading the
# modules and models of the CLI only once saves a second of CPU time per command.
import json
import os
import sys
import tempfile

from awscli.clidriver import AWSCLIEntryPoint, create_clidriver

driver = create_clidriver()
for service in ('elb', 'ec2'):
    driver.session.get_service_model(service)


def run(args):
    with tempfile.TemporaryFile() as out, tempfile.TemporaryFile() as err:
        child = os.fork()
        if child == 0:
            os.dup2(out.fileno(), 1)
            os.dup2(err.fileno(), 2)
            sys.exit(AWSCLIEntryPoint(driver).main(args))
        code = os.waitstatus_to_exitcode(os.waitpid(child, 0)[1])
        out.seek(0)
        err.seek(0)
        return {'code': code, 'stdout': out.read().decode(), 'stderr': err.read().decode()}


for line in sys.stdin:
    print(json.dumps(run(json.loads(line))), flush=True)
