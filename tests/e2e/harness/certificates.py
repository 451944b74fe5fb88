"""Certificate authorities and certificates of a test run, by openssl."""
import subprocess


def _openssl(*arguments, **options):
    subprocess.run(["openssl", *map(str, arguments)], check=True, capture_output=True, **options)


class Authority:
    """A CA in `directory`: NAME.crt and NAME.key, and those of the certificates that it issues."""

    def __init__(self, directory, name):
        directory.mkdir(parents=True, exist_ok=True)
        self._directory = directory
        self.name = name
        _key(self.key)
        _openssl("req", "-x509", "-new", "-key", self.key, "-days", "2", "-subj", f"/CN={name}", "-out", self.certificate,
                 "-addext", "basicConstraints=critical,CA:true",
                 "-addext", "keyUsage=critical,digitalSignature,keyCertSign,cRLSign")

    @property
    def certificate(self):
        return self._directory / f"{self.name}.crt"

    @property
    def key(self):
        return self._directory / f"{self.name}.key"

    def issue(self, name, subject, *alternatives, days=2):
        """(certificate, key) for `subject` ("/O=group/CN=user"); alternatives as in "DNS:localhost", "IP:127.0.0.1".
        With negative days it has expired."""
        certificate, key, request = (self._directory / f"{name}.{end}" for end in ("crt", "key", "csr"))
        extensions = self._directory / f"{name}.ext"
        extensions.write_text("keyUsage=critical,digitalSignature\nextendedKeyUsage=serverAuth,clientAuth\n" +
                              (f"subjectAltName={','.join(alternatives)}\n" if alternatives else ""))
        _key(key)
        _openssl("req", "-new", "-key", key, "-subj", subject, "-out", request)
        _openssl("x509", "-req", "-in", request, "-CA", self.certificate, "-CAkey", self.key, "-CAcreateserial",
                 "-days", days, "-extfile", extensions, "-out", certificate)
        return certificate, key


def _key(path):
    _openssl("ecparam", "-name", "prime256v1", "-genkey", "-noout", "-out", path)


def rsa_pair(directory, name):
    """(private key, public key): what the API server signs service account tokens with."""
    private, public = directory / f"{name}.key", directory / f"{name}.pub"
    _openssl("genrsa", "-out", private, "2048")
    _openssl("rsa", "-in", private, "-pubout", "-out", public)
    return private, public
