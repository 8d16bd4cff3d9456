"""What the gateway tells a client that it cannot do, in the Java exceptions that Hadoop's client rebuilds from it.

RemoteError
├── NotFound              no such object, directory or bucket
├── AlreadyExists         there is one, and it was not to be replaced
├── NotEmpty              a directory was to be deleted without what is in it
├── AccessDenied          S3 refused
├── Unsupported           no object store does this
├── InvalidRequest        unknown operation or parameter; the client falls back to another one where it has one
└── StorageFailed         S3 failed or throttled; worth another try
"""

from typing import Any, ClassVar

from botocore.exceptions import BotoCoreError, ClientError

_NOT_FOUND = {"NoSuchKey", "NoSuchBucket", "404", "NotFound"}
_DENIED = {"AccessDenied", "AllAccessDisabled", "InvalidAccessKeyId", "SignatureDoesNotMatch", "403", "Forbidden"}
_EXISTS = {"PreconditionFailed", "ConditionalRequestConflict"}


class RemoteError(Exception):
    """An answer that the client turns into an exception of its own."""

    status: ClassVar[int]
    java_class: ClassVar[str]

    def document(self) -> dict[str, Any]:
        """Return the body of the answer."""
        return {
            "RemoteException": {
                "exception": self.java_class.rpartition(".")[2],
                "javaClassName": self.java_class,
                "message": str(self),
            }
        }


class NotFound(RemoteError):
    status = 404
    java_class = "java.io.FileNotFoundException"


class AlreadyExists(RemoteError):
    status = 403
    java_class = "org.apache.hadoop.fs.FileAlreadyExistsException"


class NotEmpty(RemoteError):
    status = 403
    java_class = "org.apache.hadoop.fs.PathIsNotEmptyDirectoryException"


class AccessDenied(RemoteError):
    status = 403
    java_class = "org.apache.hadoop.security.AccessControlException"


class Unsupported(RemoteError):
    status = 400
    java_class = "java.lang.UnsupportedOperationException"


class InvalidRequest(RemoteError):
    status = 400
    java_class = "java.lang.IllegalArgumentException"


class StorageFailed(RemoteError):
    status = 503
    java_class = "java.io.IOException"


def from_s3(error: ClientError | BotoCoreError, *, uri: str) -> RemoteError:
    """Translate what S3 answered, or that it did not answer, about an object."""
    if isinstance(error, BotoCoreError):
        return StorageFailed(f"{uri}: no answer from S3: {error}")
    code = str(error.response["Error"]["Code"])
    message = f"{uri}: {code}: {error.response['Error'].get('Message', '')}"
    if code in _NOT_FOUND:
        return NotFound(message)
    if code in _DENIED:
        return AccessDenied(message)
    if code in _EXISTS:
        return AlreadyExists(message)
    return StorageFailed(message)
