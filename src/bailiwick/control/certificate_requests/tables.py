"""Where requests for certificates are kept that wait to be signed."""

from datetime import datetime

from sqlalchemy import PrimaryKeyConstraint
from sqlalchemy.orm import Mapped, mapped_column

from bailiwick.store import Base


class CertificateRequestRow(Base):
    """A request for the certificate of a secret: one at a time. `environment` is that of a secret that is new."""

    __tablename__ = "certificate_requests"
    __table_args__ = (PrimaryKeyConstraint("tenant", "name"),)

    name: Mapped[str]
    subject: Mapped[str]
    csr: Mapped[str]
    environment: Mapped[str] = mapped_column(server_default="production")
    asked_by: Mapped[str]
    asked_at: Mapped[datetime]
