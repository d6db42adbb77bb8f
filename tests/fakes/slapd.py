"""A real LDAP server (OpenLDAP's slapd) on loopback, in a folder of its own; `None` of it where the program is not installed."""

from __future__ import annotations

import datetime
import shutil
import socket
import subprocess
import tempfile
import time
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path

from cryptography import x509
from cryptography.hazmat.primitives import hashes, serialization
from cryptography.hazmat.primitives.asymmetric import ec

PROGRAM = shutil.which("slapd") or ("/usr/sbin/slapd" if Path("/usr/sbin/slapd").exists() else None)
SCHEMAS = Path("/etc/ldap/schema")
BASE = "dc=acme,dc=example"
DESK, DESK_PASSWORD = f"cn=desk,{BASE}", "reads only"
BOSS, BOSS_PASSWORD = f"cn=boss,{BASE}", "changes"
WORD = "four calm words"  # everybody's password there
CONF = """
include {schemas}/core.schema
include {schemas}/cosine.schema
include {schemas}/inetorgperson.schema
attributetype ( 1.2.840.113556.1.4.8 NAME 'userAccountControl' EQUALITY integerMatch SYNTAX 1.3.6.1.4.1.1466.115.121.1.27 SINGLE-VALUE )
objectclass ( 1.3.6.1.4.1.4203.666.11.99 NAME 'switchable' SUP top AUXILIARY MAY userAccountControl )
modulepath /usr/lib/ldap
moduleload back_mdb
pidfile {root}/pid
TLSCertificateFile {root}/cert.pem
TLSCertificateKeyFile {root}/key.pem
allow bind_anon_cred
database mdb
suffix "{base}"
rootdn "{boss}"
rootpw {boss_password}
directory {root}/data
access to attrs=userPassword by anonymous auth by * none
access to * by dn.exact="{desk}" read by * none
"""
PERSON = """
dn: uid={uid},ou=people,{base}
objectClass: inetOrgPerson
objectClass: switchable
uid: {uid}
cn: {name}
sn: {name}
mail: {mail}
departmentNumber: Finance
telephoneNumber: +44 20 7946 0000
userAccountControl: {control}
userPassword: {word}
"""
GROUP = """
dn: cn={name},ou=groups,{base}
objectClass: groupOfNames
cn: {name}
member: uid={uid},ou=people,{base}
"""


@dataclass
class Slapd:
    root: Path
    port: int
    tls_port: int

    @property
    def ca_file(self) -> str:
        return str(self.root / "cert.pem")

    def change(self, ldif: str) -> None:
        """As its administrator; ldapmodify's language, with {base} filled in."""
        command = ["ldapmodify", "-x", "-H", f"ldap://127.0.0.1:{self.port}", "-D", BOSS, "-w", BOSS_PASSWORD]
        subprocess.run(command, input=ldif.format(base=BASE).encode(), check=True, capture_output=True)


@contextmanager
def running() -> Iterator[Slapd]:
    """Nina (Finance, group it-ops), Olaf (switched off), Ella who has an account here too, and two of one address."""
    assert PROGRAM is not None
    root = Path(tempfile.mkdtemp(prefix="slapd-", dir="/tmp"))
    ours = Slapd(root, _free(), _free())
    (root / "data").mkdir()
    _certificate(root)
    conf = root / "slapd.conf"
    conf.write_text(CONF.format(schemas=SCHEMAS, root=root, base=BASE, desk=DESK, boss=BOSS, boss_password=BOSS_PASSWORD))
    subprocess.run([PROGRAM, "-T", "add", "-f", str(conf)], input=_entries().encode(), check=True, capture_output=True)
    process = subprocess.Popen(
        [PROGRAM, "-d", "0", "-f", str(conf), "-h", f"ldap://127.0.0.1:{ours.port} ldaps://127.0.0.1:{ours.tls_port}"]
    )
    try:
        _wait(ours.tls_port)
        yield ours
    finally:
        process.terminate()
        process.wait(10)
        shutil.rmtree(root, ignore_errors=True)


def _entries() -> str:
    top = f"dn: {BASE}\nobjectClass: dcObject\nobjectClass: organization\no: Acme\ndc: acme\n"
    desk = f"\ndn: {DESK}\nobjectClass: applicationProcess\nobjectClass: simpleSecurityObject\ncn: desk\nuserPassword: {DESK_PASSWORD}\n"
    units = "".join(f"\ndn: ou={name},{BASE}\nobjectClass: organizationalUnit\nou: {name}\n" for name in ("people", "groups"))
    people = [("nina", "Nina Roth", "nina.roth@acme.example", 512), ("olaf", "Olaf Berg", "olaf@acme.example", 514)]
    people += [
        ("e.moreau", "Ella Moreau-Klein", "Ella@acme.example", 512),
        ("one", "One", "both@acme.example", 512),
        ("two", "Two", "both@acme.example", 512),
    ]
    rows = "".join(
        PERSON.format(uid=uid, name=name, mail=mail, control=control, word=WORD, base=BASE) for uid, name, mail, control in people
    )
    groups = "".join(GROUP.format(name=name, uid="nina", base=BASE) for name in ("IT-Ops", "everybody"))
    return top + desk + units + rows + groups


def _certificate(root: Path) -> None:
    """Of localhost, signed by itself."""
    key, now = ec.generate_private_key(ec.SECP256R1()), datetime.datetime.now(datetime.UTC)
    name = x509.Name([x509.NameAttribute(x509.NameOID.COMMON_NAME, "localhost")])
    day = datetime.timedelta(days=1)
    made = (
        x509.CertificateBuilder()
        .subject_name(name)
        .issuer_name(name)
        .public_key(key.public_key())
        .serial_number(x509.random_serial_number())
    )
    made = made.not_valid_before(now - day).not_valid_after(now + day)
    made = made.add_extension(x509.SubjectAlternativeName([x509.DNSName("localhost")]), critical=False)
    made = made.add_extension(x509.BasicConstraints(ca=True, path_length=0), critical=True)
    (root / "cert.pem").write_bytes(made.sign(key, hashes.SHA256()).public_bytes(serialization.Encoding.PEM))
    form = serialization.PrivateFormat.PKCS8, serialization.NoEncryption()
    (root / "key.pem").write_bytes(key.private_bytes(serialization.Encoding.PEM, *form))


def _free() -> int:
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        port: int = probe.getsockname()[1]
        return port


def _wait(port: int) -> None:
    until = time.monotonic() + 20
    while time.monotonic() < until:
        with socket.socket() as probe:
            if probe.connect_ex(("127.0.0.1", port)) == 0:
                return
        time.sleep(0.05)
    raise AssertionError("slapd did not begin")
