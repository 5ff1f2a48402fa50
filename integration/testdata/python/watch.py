"""Logs with watchtower: LINES messages to STREAM of GROUP. The walk gives these and its keys in AWS's variables, and reads what arrived."""
import logging
import os
import sys
import warnings

import boto3
import watchtower

told = []
warnings.simplefilter("always", watchtower.WatchtowerWarning)
warnings.showwarning = lambda message, *_, **__: told.append(str(message))
handler = watchtower.CloudWatchLogHandler(
    log_group_name=os.environ["GROUP"], log_stream_name=os.environ["STREAM"], send_interval=1, max_batch_count=60,
    boto3_client=boto3.client("logs", endpoint_url=os.environ["ENDPOINT"]),
)
handler.setFormatter(logging.Formatter("%(levelname)s: %(message)s"))
logger = logging.getLogger("walk")
logger.setLevel(logging.INFO)
logger.addHandler(handler)
logger.debug("below the level")
for i in range(int(os.environ["LINES"])):
    logger.log(logging.INFO if i % 7 else logging.WARNING, "secret-line %d é", i)
handler.flush()
handler.close()
sys.exit("\n".join(told) or None)
