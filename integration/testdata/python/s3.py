"""Moves data through S3 with boto3 and holds every answer against what AWS would give.

The walk gives ENDPOINT, KEY (of KMS), the reader's keys in READER_ID and READER_SECRET, and its own in AWS's variables.
"""
import hashlib
import io
import os
import urllib.error
import urllib.request
import uuid

import boto3
from boto3.s3.transfer import TransferConfig
from botocore.client import Config
from botocore.exceptions import ClientError

key = os.environ["KEY"]
reader = {"aws_access_key_id": os.environ["READER_ID"], "aws_secret_access_key": os.environ["READER_SECRET"]}
sealed = {"ServerSideEncryption": "aws:kms", "SSEKMSKeyId": key}


def client(**more):
    return boto3.client("s3", endpoint_url=os.environ["ENDPOINT"], **more)


def refused(code, call, *args, says="", **kwargs):
    try:
        call(*args, **kwargs)
    except ClientError as e:
        error = e.response["Error"]
        assert error["Code"] == code and says in error["Message"], error
        return
    raise AssertionError(f"not refused with {code}: {call} {args} {kwargs}")


def fetch(url, method="GET", data=None, headers={}):
    request = urllib.request.Request(url, data=data, method=method, headers=headers)
    try:
        with urllib.request.urlopen(request) as answer:
            return answer.status, answer.read(), answer.headers
    except urllib.error.HTTPError as e:
        return e.code, e.read(), e.headers


def form(url, fields, data):
    """Posts a form as a browser does."""
    boundary = uuid.uuid4().hex
    parts = [f'--{boundary}\r\nContent-Disposition: form-data; name="{k}"\r\n\r\n{v}\r\n'.encode() for k, v in fields.items()]
    parts.append(f'--{boundary}\r\nContent-Disposition: form-data; name="file"; filename="f.txt"\r\n\r\n'.encode() + data + b"\r\n")
    body = b"".join(parts) + f"--{boundary}--\r\n".encode()
    return fetch(url, "POST", body, {"Content-Type": f"multipart/form-data; boundary={boundary}"})


s3 = client()
s3.create_bucket(Bucket="boto", CreateBucketConfiguration={"LocationConstraint": "us-west-2"})


def moves_files():
    data = os.urandom(20 << 20)
    parts = TransferConfig(multipart_threshold=5 << 20, multipart_chunksize=5 << 20)
    s3.upload_fileobj(io.BytesIO(data), "boto", "big", ExtraArgs=sealed, Config=parts)
    head = s3.head_object(Bucket="boto", Key="big")
    assert head["ServerSideEncryption"] == "aws:kms" and head["SSEKMSKeyId"] == key, head
    assert head["ETag"].endswith('-4"'), head
    back = io.BytesIO()
    s3.download_fileobj("boto", "big", back, Config=parts)
    assert hashlib.sha256(back.getvalue()).digest() == hashlib.sha256(data).digest()
    s3.copy({"Bucket": "boto", "Key": "big"}, "boto", "copy", Config=parts)
    assert s3.head_object(Bucket="boto", Key="copy")["ServerSideEncryption"] == "AES256"
    assert s3.get_object(Bucket="boto", Key="copy", Range="bytes=7000000-7000099")["Body"].read() == data[7000000:7000100]
    listed = [o["Key"] for page in s3.get_paginator("list_objects_v2").paginate(Bucket="boto", PaginationConfig={"PageSize": 1}) for o in page["Contents"]]
    assert listed == ["big", "copy"], listed


def keeps_checksums():
    for algorithm in ["CRC32", "CRC32C", "CRC64NVME", "SHA1", "SHA256"]:
        put = s3.put_object(Bucket="boto", Key="sum", Body=io.BytesIO(b"123456789"), ChecksumAlgorithm=algorithm)
        got = s3.get_object(Bucket="boto", Key="sum", ChecksumMode="ENABLED")
        assert got["Body"].read() == b"123456789"
        assert put["Checksum" + algorithm] == got["Checksum" + algorithm], (put, got)


def asks_kms():
    s3.put_object(Bucket="boto", Key="sealed", Body=b"secret", BucketKeyEnabled=True, **sealed)
    got = s3.get_object(Bucket="boto", Key="sealed")
    assert got["Body"].read() == b"secret" and got["BucketKeyEnabled"] and got["SSEKMSKeyId"] == key, got
    s3.put_object(Bucket="boto", Key="plain", Body=b"plain", Metadata={"name": "value"}, ContentType="text/x-plain")
    poor = client(**reader)
    got = poor.get_object(Bucket="boto", Key="plain")
    assert (got["Body"].read(), got["Metadata"], got["ContentType"]) == (b"plain", {"name": "value"}, "text/x-plain"), got
    refused("AccessDenied", poor.get_object, Bucket="boto", Key="sealed", says="kms:Decrypt")
    refused("AccessDenied", poor.put_object, Bucket="boto", Key="mine", Body=b"", says="kms:GenerateDataKey", **sealed)
    refused("InvalidAccessKeyId", client(aws_access_key_id="AKIAUNKNOWN", aws_secret_access_key="x").list_buckets)
    refused("SignatureDoesNotMatch", client(aws_access_key_id=os.environ["READER_ID"], aws_secret_access_key="x").list_buckets)


def brings_keys():
    mine = {"SSECustomerAlgorithm": "AES256", "SSECustomerKey": os.urandom(32)}
    other = {"SSECustomerAlgorithm": "AES256", "SSECustomerKey": os.urandom(32)}
    try:
        s3.put_object(Bucket="boto", Key="customer", Body=b"mine", **mine)
    except ClientError as e:  # buckets refuse these keys until they are told not to
        assert e.response["Error"]["Code"] == "AccessDenied", e
        rule = {"ApplyServerSideEncryptionByDefault": {"SSEAlgorithm": "AES256"}, "BlockedEncryptionTypes": {"EncryptionType": ["NONE"]}}
        s3.put_bucket_encryption(Bucket="boto", ServerSideEncryptionConfiguration={"Rules": [rule]})
        s3.put_object(Bucket="boto", Key="customer", Body=b"mine", **mine)
    got = s3.get_object(Bucket="boto", Key="customer", **mine)
    assert got["Body"].read() == b"mine" and got["SSECustomerAlgorithm"] == "AES256" and "ServerSideEncryption" not in got, got
    refused("InvalidRequest", s3.get_object, Bucket="boto", Key="customer", says="The object was stored using a form of Server Side Encryption.")
    refused("AccessDenied", s3.get_object, Bucket="boto", Key="customer", says="must provide the correct secret key", **other)
    refused("400", s3.head_object, Bucket="boto", Key="customer")


def presigns(version, says):
    """boto3 presigns with Signature Version 2 for an endpoint that is not AWS's, unless it is told."""
    signer = client(config=Config(signature_version=version) if version else None)
    link = signer.generate_presigned_url("get_object", Params={"Bucket": "boto", "Key": "plain"}, ExpiresIn=60)
    assert says in link, link
    status, body, _ = fetch(link)
    assert (status, body) == (200, b"plain"), (status, body)
    status, body, _ = fetch(link.replace("plain", "sealed"))
    assert status == 403 and b"<Code>SignatureDoesNotMatch</Code>" in body, (status, body)
    link = signer.generate_presigned_url("get_object", Params={"Bucket": "boto", "Key": "sealed"}, ExpiresIn=60)
    status, body, headers = fetch(link)
    if version == "s3v4":
        assert (status, body, headers["x-amz-server-side-encryption-aws-kms-key-id"]) == (200, b"secret", key), (status, body)
    else:
        assert status == 400 and b"require AWS Signature Version 4" in body, (status, body)
    link = signer.generate_presigned_url("put_object", Params={"Bucket": "boto", "Key": "put by link"}, ExpiresIn=60)
    status, body, _ = fetch(link, "PUT", b"put", {"Content-Type": ""})
    assert status == 200, (status, body)
    assert s3.get_object(Bucket="boto", Key="put by link")["Body"].read() == b"put"


def posts(version):
    signer = client(config=Config(signature_version=version) if version else None)
    fields, conditions = {}, [["content-length-range", 1, 10]]
    if version == "s3v4":
        fields = {"x-amz-server-side-encryption": "aws:kms", "x-amz-server-side-encryption-aws-kms-key-id": key}
        conditions += [{k: v} for k, v in fields.items()]
    post = signer.generate_presigned_post("boto", "in/${filename}", Fields=fields, Conditions=conditions + [["starts-with", "$key", "in/"]], ExpiresIn=60)
    status, body, _ = form(post["url"], post["fields"], b"posted")
    assert status == 204, (status, body)
    got = s3.get_object(Bucket="boto", Key="in/f.txt")
    assert got["Body"].read() == b"posted" and got.get("SSEKMSKeyId") == fields.get("x-amz-server-side-encryption-aws-kms-key-id"), got
    s3.delete_object(Bucket="boto", Key="in/f.txt")
    status, body, _ = form(post["url"], post["fields"], b"more than ten bytes")
    assert status == 400 and b"<Code>EntityTooLarge</Code>" in body, (status, body)
    status, body, _ = form(post["url"], dict(post["fields"], key="out/x"), b"posted")
    assert status == 403 and b"<Code>AccessDenied</Code>" in body, (status, body)


moves_files()
keeps_checksums()
asks_kms()
brings_keys()
presigns(None, "AWSAccessKeyId=")
presigns("s3v4", "X-Amz-Signature=")
posts(None)
posts("s3v4")
print("done")
