// SPDX-License-Identifier: Apache-2.0
#include "alarms/notify/secret_file.h"

#include <QFile>
#include <QFileInfo>

namespace dyad::alarms {

namespace {
constexpr qint64 maxSecretBytes = 4096;
}

Result<QByteArray> readSecret(const std::string& file) {
    QFile source(QString::fromStdString(file));
    if (!source.open(QIODevice::ReadOnly))
        return Error{"read the secret", file, source.errorString().toStdString(),
                     "put it there in one line, with mode 0600"};
    constexpr auto others = QFile::ReadGroup | QFile::WriteGroup | QFile::ReadOther | QFile::WriteOther;
    if ((source.permissions() & others) != 0)
        return Error{"read the secret", file, "others may read or write it", "chmod 0600 " + file};
    const QByteArray secret = source.read(maxSecretBytes).trimmed();
    if (secret.isEmpty() || secret.contains('\n'))
        return Error{"read the secret", file, "it is not one line", "write the secret there, in one line"};
    return secret;
}

} // namespace dyad::alarms
