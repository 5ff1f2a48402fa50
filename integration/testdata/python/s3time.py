"""Lets time pass over S3 with boto3: copies of archived objects, object lock, lifecycles.

The walk gives ENDPOINT, and its access keys in AWS's variables. Time passes for the service alone, over its control
routes.
"""
import datetime
import json
import os
import urllib.request

import boto3
from botocore.exceptions import ClientError

endpoint = os.environ["ENDPOINT"]
s3 = boto3.client("s3", endpoint_url=endpoint)


def passes(duration):
    request = urllib.request.Request(endpoint + "/_emulator/clock/advance", data=json.dumps({"duration": duration}).encode())
    urllib.request.urlopen(request).close()


def now():
    with urllib.request.urlopen(endpoint + "/_emulator/clock") as answer:
        return datetime.datetime.fromisoformat(json.load(answer)["now"][:19] + "+00:00")


def refused(code, call, says="", **kwargs):
    try:
        call(**kwargs)
    except ClientError as e:
        error = e.response["Error"]
        assert error["Code"] == code and says in error["Message"], error
        return
    raise AssertionError(f"not refused with {code}: {call} {kwargs}")


def bucket(name, **more):
    s3.create_bucket(Bucket=name, CreateBucketConfiguration={"LocationConstraint": "us-west-2"}, **more)
    return name


def keys(name):
    return [o["Key"] for o in s3.list_objects_v2(Bucket=name).get("Contents", [])]


def archives():
    at = {"Bucket": bucket("archive"), "Key": "cold"}
    s3.put_object(Body=b"frozen", StorageClass="DEEP_ARCHIVE", **at)
    refused("InvalidObjectState", s3.get_object, **at)
    refused("InvalidObjectState", s3.copy_object, Bucket="archive", Key="warm", CopySource=dict(at))
    tier = {"Days": 2, "GlacierJobParameters": {"Tier": "Bulk"}}
    answer = s3.restore_object(RestoreRequest=tier, **at)
    assert answer["ResponseMetadata"]["HTTPStatusCode"] == 202, answer
    refused("RestoreAlreadyInProgress", s3.restore_object, RestoreRequest=tier, **at)
    assert s3.head_object(**at)["Restore"] == 'ongoing-request="true"'
    passes("47h")
    refused("InvalidObjectState", s3.get_object, **at)
    passes("1h")
    head = s3.head_object(**at)
    assert head["Restore"].startswith('ongoing-request="false", expiry-date="') and head["StorageClass"] == "DEEP_ARCHIVE", head
    assert s3.get_object(**at)["Body"].read() == b"frozen"
    s3.copy_object(Bucket="archive", Key="warm", CopySource=dict(at), StorageClass="STANDARD")
    listed = s3.list_objects_v2(Bucket="archive", OptionalObjectAttributes=["RestoreStatus"])["Contents"]
    assert listed[0]["RestoreStatus"]["IsRestoreInProgress"] is False and "RestoreStatus" not in listed[1], listed
    answer = s3.restore_object(RestoreRequest={"Days": 5}, **at)  # keeps the copy for longer
    assert answer["ResponseMetadata"]["HTTPStatusCode"] == 200, answer
    passes("4d")
    assert s3.get_object(**at)["Body"].read() == b"frozen"
    passes("3d")
    refused("InvalidObjectState", s3.get_object, **at)
    assert "Restore" not in s3.head_object(**at)
    assert s3.get_object(Bucket="archive", Key="warm")["Body"].read() == b"frozen"


def locks():
    name = bucket("vault", ObjectLockEnabledForBucket=True)
    at = {"Bucket": name, "Key": "k"}
    rule = {"ObjectLockEnabled": "Enabled", "Rule": {"DefaultRetention": {"Mode": "GOVERNANCE", "Days": 2}}}
    s3.put_object_lock_configuration(Bucket=name, ObjectLockConfiguration=rule)
    first = s3.put_object(Body=b"first", **at)["VersionId"]
    second = s3.put_object(Body=b"second", ObjectLockMode="COMPLIANCE", ObjectLockRetainUntilDate=now() + datetime.timedelta(days=5), **at)["VersionId"]
    marker = s3.delete_object(**at)
    assert marker["DeleteMarker"], marker
    refused("NoSuchKey", s3.get_object, **at)
    refused("AccessDenied", s3.delete_object, VersionId=first, says="object protected by object lock", **at)
    refused("AccessDenied", s3.delete_object, VersionId=second, BypassGovernanceRetention=True, **at)
    out = s3.delete_objects(Bucket=name, Delete={"Objects": [{"Key": "k", "VersionId": first}, {"Key": "k", "VersionId": marker["VersionId"]}]})
    assert [e["Code"] for e in out["Errors"]] == ["AccessDenied"] and out["Deleted"][0]["DeleteMarker"], out
    assert s3.get_object(**at)["Body"].read() == b"second"
    refused("NoSuchObjectLockConfiguration", s3.get_object_legal_hold, VersionId=first, **at)
    s3.put_object_legal_hold(VersionId=first, LegalHold={"Status": "ON"}, **at)
    passes("3d")
    refused("AccessDenied", s3.delete_object, VersionId=first, BypassGovernanceRetention=True, **at)
    s3.put_object_legal_hold(VersionId=first, LegalHold={"Status": "OFF"}, **at)
    assert s3.head_object(VersionId=first, **at)["ObjectLockLegalHoldStatus"] == "OFF"
    s3.delete_object(VersionId=first, **at)
    refused("AccessDenied", s3.delete_object, VersionId=second, **at)
    refused("BucketNotEmpty", s3.delete_bucket, Bucket=name)
    passes("3d")
    s3.delete_object(VersionId=second, **at)
    s3.delete_bucket(Bucket=name)


def lifecycles():
    name = bucket("passing")
    s3.put_bucket_versioning(Bucket=name, VersioningConfiguration={"Status": "Enabled"})
    s3.put_bucket_lifecycle_configuration(Bucket=name, LifecycleConfiguration={"Rules": [
        {"ID": "tmp", "Status": "Enabled", "Filter": {"Prefix": "tmp/"}, "Expiration": {"Days": 2}, "NoncurrentVersionExpiration": {"NoncurrentDays": 3}},
        {"ID": "tagged", "Status": "Enabled", "Filter": {"And": {"Tags": [{"Key": "keep", "Value": "no"}], "ObjectSizeGreaterThan": 3}}, "Expiration": {"Days": 1}},
        {"ID": "markers", "Status": "Enabled", "Filter": {"Prefix": "tmp/"}, "Expiration": {"ExpiredObjectDeleteMarker": True}},
        {"ID": "uploads", "Status": "Enabled", "Filter": {}, "AbortIncompleteMultipartUpload": {"DaysAfterInitiation": 1}},
        {"ID": "off", "Status": "Disabled", "Filter": {}, "Expiration": {"Days": 1}},
    ]})
    put = s3.put_object(Bucket=name, Key="tmp/a", Body=b"a")
    assert put["Expiration"].endswith('rule-id="tmp"'), put
    s3.put_object(Bucket=name, Key="kept", Body=b"kept")
    s3.put_object(Bucket=name, Key="small", Body=b"abc", Tagging="keep=no")
    s3.put_object(Bucket=name, Key="large", Body=b"abcd", Tagging="keep=no")
    upload = s3.create_multipart_upload(Bucket=name, Key="part")
    assert upload["AbortRuleId"] == "uploads", upload
    s3.upload_part(Bucket=name, Key="part", UploadId=upload["UploadId"], PartNumber=1, Body=b"x")
    passes("2d")  # over the midnight after one day
    assert keys(name) == ["kept", "small", "tmp/a"], keys(name)
    refused("NoSuchUpload", s3.list_parts, Bucket=name, Key="part", UploadId=upload["UploadId"])
    passes("1d")
    assert keys(name) == ["kept", "small"], keys(name)
    assert s3.get_object(Bucket=name, Key="tmp/a", VersionId=put["VersionId"])["Body"].read() == b"a"
    passes("5d")
    refused("NoSuchVersion", s3.get_object, Bucket=name, Key="tmp/a", VersionId=put["VersionId"])
    passes("1d")
    left = s3.list_object_versions(Bucket=name, Prefix="tmp/")
    assert "Versions" not in left and "DeleteMarkers" not in left, left
    s3.delete_bucket_lifecycle(Bucket=name)
    passes("30d")
    assert keys(name) == ["kept", "small"], keys(name)


archives()
locks()
lifecycles()
print("done")
