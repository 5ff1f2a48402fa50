"""Uses KMS with boto3 and does the other half of each operation with cryptography: what KMS signs is verified here, what is
encrypted here KMS decrypts, and so on.

The walk gives ENDPOINT, KEY (of KMS), in READER_ID and READER_SECRET the keys of the IAM user reader, who has no rights in
KMS, and its own in AWS's variables.
"""
import os

import boto3
from botocore.client import Config
from botocore.exceptions import ClientError
from cryptography.exceptions import InvalidSignature
from cryptography.hazmat.primitives import hashes, hmac, keywrap, serialization
from cryptography.hazmat.primitives.asymmetric import ec, ed25519, padding, rsa, utils
from cryptography.hazmat.primitives.asymmetric.utils import Prehashed

key = os.environ["KEY"]
account = "000000000000"
user = f"arn:aws:iam::{account}:user/reader"
once = Config(retries={"total_max_attempts": 1})


def client(**more):
    return boto3.client("kms", endpoint_url=os.environ["ENDPOINT"], config=once, **more)


kms = client()
reader = client(aws_access_key_id=os.environ["READER_ID"], aws_secret_access_key=os.environ["READER_SECRET"])


def refused(code, call, *, says="", **kwargs):
    try:
        call(**kwargs)
    except ClientError as e:
        error = e.response["Error"]
        assert error["Code"] == code and says in error["Message"], error
        return
    raise AssertionError(f"not refused with {code}: {call} {kwargs}")


def invalid(verify, *args):
    try:
        verify(*args)
    except InvalidSignature:
        return
    raise AssertionError("a wrong signature verifies")


def create(spec, usage, **more):
    return kms.create_key(KeySpec=spec, KeyUsage=usage, **more)["KeyMetadata"]["Arn"]


def public(arn):
    return serialization.load_der_public_key(kms.get_public_key(KeyId=arn)["PublicKey"])


def digest(algorithm, message):
    h = hashes.Hash(algorithm)
    h.update(message)
    return h.finalize()


def verifies(arn, algorithm, message, signature, check):
    """Holds a signature of KMS against KMS and against check, and neither takes it for another message."""
    given = {"KeyId": arn, "SigningAlgorithm": algorithm, "Message": message, "Signature": signature}
    assert kms.verify(**given)["SignatureValid"] is True
    refused("KMSInvalidSignatureException", kms.verify, **{**given, "Message": message + b"!"})
    check(signature, message)
    invalid(check, signature, message + b"!")
    refused("AccessDeniedException", reader.sign, says="kms:Sign", KeyId=arn, SigningAlgorithm=algorithm, Message=message)


def signs_with_rsa():
    arn, message = create("RSA_2048", "SIGN_VERIFY"), b"a message"
    k = public(arn)
    for bits, h in [(256, hashes.SHA256()), (384, hashes.SHA384()), (512, hashes.SHA512())]:
        pss = padding.PSS(padding.MGF1(h), h.digest_size)
        for name, pad in [("PSS", pss), ("PKCS1_V1_5", padding.PKCS1v15())]:
            algorithm = f"RSASSA_{name}_SHA_{bits}"
            for kind, given in [("RAW", message), ("DIGEST", digest(h, message))]:
                signature = kms.sign(KeyId=arn, SigningAlgorithm=algorithm, Message=given, MessageType=kind)["Signature"]
                verifies(arn, algorithm, message, signature, lambda s, m, pad=pad, h=h: k.verify(s, m, pad, h))
    refused("ValidationException", kms.sign, says="Digest is invalid length for algorithm RSASSA_PSS_SHA_256",
            KeyId=arn, SigningAlgorithm="RSASSA_PSS_SHA_256", Message=b"short", MessageType="DIGEST")


def signs_with_curves():
    for spec, h, algorithm in [("ECC_NIST_P256", hashes.SHA256(), "ECDSA_SHA_256"), ("ECC_NIST_P384", hashes.SHA384(), "ECDSA_SHA_384"),
                               ("ECC_NIST_P521", hashes.SHA512(), "ECDSA_SHA_512"), ("ECC_SECG_P256K1", hashes.SHA256(), "ECDSA_SHA_256")]:
        arn, message = create(spec, "SIGN_VERIFY"), b"a message"
        k = public(arn)
        for kind, given in [("RAW", message), ("DIGEST", digest(h, message))]:
            signature = kms.sign(KeyId=arn, SigningAlgorithm=algorithm, Message=given, MessageType=kind)["Signature"]
            verifies(arn, algorithm, message, signature, lambda s, m, k=k, h=h: k.verify(s, m, ec.ECDSA(h)))
        r, s = utils.decode_dss_signature(signature)
        forged = utils.encode_dss_signature(r, s + 1)
        refused("KMSInvalidSignatureException", kms.verify, KeyId=arn, SigningAlgorithm=algorithm, Message=message, Signature=forged)
    arn = create("ECC_NIST_EDWARDS25519", "SIGN_VERIFY")
    k = public(arn)
    assert isinstance(k, ed25519.Ed25519PublicKey)
    signature = kms.sign(KeyId=arn, SigningAlgorithm="ED25519_SHA_512", Message=message, MessageType="RAW")["Signature"]
    verifies(arn, "ED25519_SHA_512", message, signature, lambda s, m: k.verify(s, m))


def authenticates_messages():
    message = b"a message"
    for bits, h in [(224, hashes.SHA224()), (256, hashes.SHA256()), (384, hashes.SHA384()), (512, hashes.SHA512())]:
        arn, given = create(f"HMAC_{bits}", "GENERATE_VERIFY_MAC"), {"MacAlgorithm": f"HMAC_SHA_{bits}", "Message": message}
        mac = kms.generate_mac(KeyId=arn, **given)["Mac"]
        assert len(mac) == h.digest_size
        assert kms.verify_mac(KeyId=arn, Mac=mac, **given)["MacValid"] is True
        refused("KMSInvalidMacException", kms.verify_mac, KeyId=arn, Mac=bytes([mac[0] ^ 1]) + mac[1:], **given)
        refused("AccessDeniedException", reader.generate_mac, says="kms:GenerateMac", KeyId=arn, **given)
        refused("InvalidKeyUsageException", kms.encrypt, KeyId=arn, Plaintext=b"x")


def makes_data_keys():
    context = {"for": "a walk"}
    made = kms.generate_data_key(KeyId=key, KeySpec="AES_256", EncryptionContext=context)
    assert kms.decrypt(CiphertextBlob=made["CiphertextBlob"], EncryptionContext=context)["Plaintext"] == made["Plaintext"]
    refused("InvalidCiphertextException", kms.decrypt, CiphertextBlob=made["CiphertextBlob"], EncryptionContext={"for": "another"})
    without = kms.generate_data_key_without_plaintext(KeyId=key, NumberOfBytes=100)
    assert "Plaintext" not in without and len(kms.decrypt(CiphertextBlob=without["CiphertextBlob"])["Plaintext"]) == 100
    for spec in ["RSA_2048", "ECC_NIST_P256", "ECC_NIST_P384", "ECC_NIST_P521", "ECC_SECG_P256K1"]:
        pair = kms.generate_data_key_pair(KeyId=key, KeyPairSpec=spec, EncryptionContext=context)
        private = serialization.load_der_private_key(pair["PrivateKeyPlaintext"], None)
        der = private.public_key().public_bytes(serialization.Encoding.DER, serialization.PublicFormat.SubjectPublicKeyInfo)
        assert der == pair["PublicKey"], spec
        back = kms.decrypt(CiphertextBlob=pair["PrivateKeyCiphertextBlob"], EncryptionContext=context)["Plaintext"]
        assert back == pair["PrivateKeyPlaintext"], spec
    refused("AccessDeniedException", reader.generate_data_key_pair, says="kms:GenerateDataKeyPair", KeyId=key, KeyPairSpec="ECC_NIST_P256")
    assert len(kms.generate_random(NumberOfBytes=1024)["Plaintext"]) == 1024


def encrypts_here():
    arn = create("RSA_3072", "ENCRYPT_DECRYPT")
    k = public(arn)
    for algorithm, h in [("RSAES_OAEP_SHA_1", hashes.SHA1()), ("RSAES_OAEP_SHA_256", hashes.SHA256())]:
        sealed = k.encrypt(b"from outside", padding.OAEP(padding.MGF1(h), h, None))
        got = kms.decrypt(KeyId=arn, CiphertextBlob=sealed, EncryptionAlgorithm=algorithm)
        assert got["Plaintext"] == b"from outside" and got["EncryptionAlgorithm"] == algorithm, got
        refused("InvalidCiphertextException", kms.decrypt, KeyId=arn, CiphertextBlob=b"\x01" + sealed[1:], EncryptionAlgorithm=algorithm)
    refused("AccessDeniedException", reader.decrypt, says="kms:Decrypt", KeyId=arn, CiphertextBlob=sealed, EncryptionAlgorithm=algorithm)


def agrees_on_secrets():
    for spec, curve in [("ECC_NIST_P256", ec.SECP256R1()), ("ECC_NIST_P384", ec.SECP384R1()), ("ECC_NIST_P521", ec.SECP521R1())]:
        arn, mine = create(spec, "KEY_AGREEMENT"), ec.generate_private_key(curve)
        der = mine.public_key().public_bytes(serialization.Encoding.DER, serialization.PublicFormat.SubjectPublicKeyInfo)
        theirs = kms.derive_shared_secret(KeyId=arn, KeyAgreementAlgorithm="ECDH", PublicKey=der)["SharedSecret"]
        assert mine.exchange(ec.ECDH(), public(arn)) == theirs, spec
        other = create(spec, "KEY_AGREEMENT")
        ends = [kms.derive_shared_secret(KeyId=a, KeyAgreementAlgorithm="ECDH", PublicKey=kms.get_public_key(KeyId=b)["PublicKey"])["SharedSecret"]
                for a, b in [(arn, other), (other, arn)]]
        assert ends[0] == ends[1] != theirs, spec
        refused("AccessDeniedException", reader.derive_shared_secret, says="kms:DeriveSharedSecret", KeyId=arn, KeyAgreementAlgorithm="ECDH", PublicKey=der)
    wrong = ec.generate_private_key(ec.SECP256R1()).public_key()
    der = wrong.public_bytes(serialization.Encoding.DER, serialization.PublicFormat.SubjectPublicKeyInfo)
    refused("ValidationException", kms.derive_shared_secret, KeyId=arn, KeyAgreementAlgorithm="ECDH", PublicKey=der)


def wrap(material, wrapping, algorithm):
    """Wraps key material as "Encrypting key material" of AWS's developer guide says."""
    sha1, sha256 = (padding.OAEP(padding.MGF1(h), h, None) for h in (hashes.SHA1(), hashes.SHA256()))
    if algorithm.startswith("RSAES_OAEP"):
        return wrapping.encrypt(material, sha1 if algorithm.endswith("_1") else sha256)
    once_only = os.urandom(32)
    return wrapping.encrypt(once_only, sha1 if algorithm.endswith("_1") else sha256) + keywrap.aes_key_wrap_with_padding(once_only, material)


def imports(spec, usage, material, algorithm, size="RSA_2048"):
    arn = create(spec, usage, Origin="EXTERNAL")
    parameters = kms.get_parameters_for_import(KeyId=arn, WrappingAlgorithm=algorithm, WrappingKeySpec=size)
    wrapping = serialization.load_der_public_key(parameters["PublicKey"])
    given = {"KeyId": arn, "ImportToken": parameters["ImportToken"], "ExpirationModel": "KEY_MATERIAL_DOES_NOT_EXPIRE"}
    blob = wrap(material, wrapping, algorithm)
    refused("InvalidCiphertextException", kms.import_key_material, **given, EncryptedKeyMaterial=b"\x00" + blob[1:])
    kms.import_key_material(**given, EncryptedKeyMaterial=blob)
    return arn


def imports_material():
    material = os.urandom(32)
    for algorithm in ["RSAES_OAEP_SHA_1", "RSAES_OAEP_SHA_256", "RSA_AES_KEY_WRAP_SHA_1", "RSA_AES_KEY_WRAP_SHA_256"]:
        arn = imports("SYMMETRIC_DEFAULT", "ENCRYPT_DECRYPT", material, algorithm)
        sealed = kms.encrypt(KeyId=arn, Plaintext=b"under my own key")["CiphertextBlob"]
        assert kms.decrypt(CiphertextBlob=sealed)["Plaintext"] == b"under my own key"
    kms.delete_imported_key_material(KeyId=arn)
    refused("KMSInvalidStateException", kms.decrypt, says="is pending import", CiphertextBlob=sealed)
    arn = imports("HMAC_256", "GENERATE_VERIFY_MAC", material, "RSAES_OAEP_SHA_256")
    mac = hmac.HMAC(material, hashes.SHA256())
    mac.update(b"known")
    assert kms.generate_mac(KeyId=arn, MacAlgorithm="HMAC_SHA_256", Message=b"known")["Mac"] == mac.finalize()
    mine = rsa.generate_private_key(65537, 2048)
    der = mine.private_bytes(serialization.Encoding.DER, serialization.PrivateFormat.PKCS8, serialization.NoEncryption())
    arn = imports("RSA_2048", "SIGN_VERIFY", der, "RSA_AES_KEY_WRAP_SHA_256", "RSA_4096")
    assert public(arn) == mine.public_key()
    h = digest(hashes.SHA256(), b"theirs")
    signature = mine.sign(h, padding.PKCS1v15(), Prehashed(hashes.SHA256()))
    assert kms.sign(KeyId=arn, SigningAlgorithm="RSASSA_PKCS1_V1_5_SHA_256", Message=h, MessageType="DIGEST")["Signature"] == signature


def grants():
    context = {"dept": "a"}
    sealed = kms.encrypt(KeyId=key, Plaintext=b"granted", EncryptionContext=context)["CiphertextBlob"]
    given = {"KeyId": key, "CiphertextBlob": sealed, "EncryptionContext": context}
    refused("AccessDeniedException", reader.decrypt, says="kms:Decrypt", **given)
    grant = kms.create_grant(KeyId=key, GranteePrincipal=user, RetiringPrincipal=user, Operations=["Decrypt", "RetireGrant"],
                             Constraints={"EncryptionContextEquals": context})
    tokens = {"GrantTokens": [grant["GrantToken"]]}
    assert reader.decrypt(**given, **tokens)["Plaintext"] == b"granted"
    refused("AccessDeniedException", reader.encrypt, KeyId=key, Plaintext=b"x", EncryptionContext=context, **tokens)
    plain = kms.encrypt(KeyId=key, Plaintext=b"without context")["CiphertextBlob"]
    refused("AccessDeniedException", reader.decrypt, KeyId=key, CiphertextBlob=plain, **tokens)
    refused("InvalidGrantTokenException", reader.decrypt, **given, GrantTokens=["not a token"])
    assert [g["GrantId"] for g in kms.list_grants(KeyId=key)["Grants"]] == [grant["GrantId"]]
    reader.retire_grant(GrantToken=grant["GrantToken"])
    assert kms.list_grants(KeyId=key)["Grants"] == []
    refused("AccessDeniedException", reader.decrypt, **given)


def pages():
    names = {f"alias/page-{i:02}" for i in range(12)}
    for name in names:
        kms.create_alias(AliasName=name, TargetKeyId=key)
    listed = [a["AliasName"] for page in kms.get_paginator("list_aliases").paginate(KeyId=key, PaginationConfig={"PageSize": 5}) for a in page["Aliases"]]
    assert set(listed) == names and len(listed) == 12, listed


for part in [signs_with_rsa, signs_with_curves, authenticates_messages, makes_data_keys, encrypts_here, agrees_on_secrets, imports_material, grants, pages]:
    part()
