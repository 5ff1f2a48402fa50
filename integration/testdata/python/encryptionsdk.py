"""Encrypts with the AWS Encryption SDK for Python, as kms.py is given it, and holds what is refused against AWS's answers."""
import os

import aws_encryption_sdk
import boto3
from aws_encryption_sdk import CachingCryptoMaterialsManager, CommitmentPolicy, LocalCryptoMaterialsCache
from aws_encryption_sdk import DiscoveryAwsKmsMasterKeyProvider, StrictAwsKmsMasterKeyProvider
from aws_encryption_sdk.exceptions import DecryptKeyError, GenerateKeyError
from aws_encryption_sdk.key_providers.kms import DiscoveryFilter, MRKAwareStrictAwsKmsMasterKeyProvider
from botocore.session import Session

key = os.environ["KEY"]
kms = boto3.client("kms", endpoint_url=os.environ["ENDPOINT"])
sdk = aws_encryption_sdk.EncryptionSDKClient(commitment_policy=CommitmentPolicy.REQUIRE_ENCRYPT_REQUIRE_DECRYPT)
context = {"stage": "demo", "purpose": "a walk"}
text = os.urandom(100_000)


def refused(exception, call, *, says="", **kwargs):
    try:
        call(**kwargs)
    except exception as e:
        seen, causes = e, ""
        while seen is not None:
            causes, seen = causes + str(seen), seen.__cause__ or seen.__context__
        assert says in causes, causes
        return
    raise AssertionError(f"not refused: {call}")


def reader():
    session = Session()
    session.set_credentials(os.environ["READER_ID"], os.environ["READER_SECRET"])
    return session


def provider(*keys, **more):
    return StrictAwsKmsMasterKeyProvider(key_ids=list(keys), **more)


def round_trip():
    second = kms.create_key()["KeyMetadata"]["Arn"]
    sealed, header = sdk.encrypt(source=text, key_provider=provider(key, second), encryption_context=context)
    assert [k.key_provider.key_info.decode() for k in sorted(header.encrypted_data_keys, key=lambda k: k.key_provider.key_info.decode() != key)] == [key, second]
    for one in (key, second):
        back, header = sdk.decrypt(source=sealed, key_provider=provider(one))
        assert back == text and header.encryption_context["purpose"] == "a walk"
    here = DiscoveryAwsKmsMasterKeyProvider(discovery_filter=DiscoveryFilter(partition="aws", account_ids=["000000000000"]))
    assert sdk.decrypt(source=sealed, key_provider=here)[0] == text
    kms.disable_key(KeyId=key)
    assert sdk.decrypt(source=sealed, key_provider=provider(key, second))[0] == text
    refused(DecryptKeyError, sdk.decrypt, says="Unable to decrypt any data key", source=sealed, key_provider=provider(key))
    refused(GenerateKeyError, sdk.encrypt, says="DisabledException", source=text, key_provider=provider(key))
    kms.enable_key(KeyId=key)


def refusals():
    sealed, _ = sdk.encrypt(source=text, key_provider=provider(key), encryption_context=context)
    refused(DecryptKeyError, sdk.decrypt, says="Unable to decrypt any data key", source=sealed.replace(b"a walk", b"a talk"), key_provider=provider(key))
    refused(DecryptKeyError, sdk.decrypt, says="Unable to decrypt any data key", source=sealed, key_provider=provider(key, botocore_session=reader()))
    refused(GenerateKeyError, sdk.encrypt, says="kms:GenerateDataKey", source=text, key_provider=provider(key, botocore_session=reader()))


def caches():
    manager = CachingCryptoMaterialsManager(master_key_provider=provider(key), cache=LocalCryptoMaterialsCache(10), max_age=60.0, max_messages_encrypted=10)
    sealed = [sdk.encrypt(source=b"message", materials_manager=manager, encryption_context=context) for _ in range(10)]
    assert len({next(iter(h.encrypted_data_keys)).encrypted_data_key for _, h in sealed}) == 1
    kms.disable_key(KeyId=key)
    refused(DecryptKeyError, sdk.decrypt, source=sealed[0][0], key_provider=provider(key))
    kms.enable_key(KeyId=key)
    for message, _ in sealed:
        assert sdk.decrypt(source=message, materials_manager=manager)[0] == b"message"
    kms.disable_key(KeyId=key)  # what is cached still opens
    assert sdk.decrypt(source=sealed[0][0], materials_manager=manager)[0] == b"message"
    kms.enable_key(KeyId=key)


def multi_region():
    primary = kms.create_key(MultiRegion=True)["KeyMetadata"]["Arn"]
    replica = kms.replicate_key(KeyId=primary, ReplicaRegion="eu-west-1")["ReplicaKeyMetadata"]["Arn"]
    there = boto3.client("kms", endpoint_url=os.environ["ENDPOINT"], region_name="eu-west-1")
    while there.describe_key(KeyId=replica)["KeyMetadata"]["KeyState"] == "Creating":
        pass
    sealed, _ = sdk.encrypt(source=text, key_provider=MRKAwareStrictAwsKmsMasterKeyProvider(key_ids=[primary]), encryption_context=context)
    assert sdk.decrypt(source=sealed, key_provider=MRKAwareStrictAwsKmsMasterKeyProvider(key_ids=[replica]))[0] == text
    refused(DecryptKeyError, sdk.decrypt, source=sealed, key_provider=provider(replica))


for part in [round_trip, refusals, caches, multi_region]:
    part()
