// SPDX-License-Identifier: Apache-2.0
#include "control/server/tokens_file.h"

#include <QCryptographicHash>
#include <QFile>
#include <QLockFile>
#include <QRandomGenerator>
#include <QSaveFile>

#include <algorithm>
#include <array>

namespace dyad::control {
namespace {

constexpr int lockPatienceMs = 5000; // somebody else changes the file just now

// The file as it is, and its table; an absent file is empty.
struct Present {
    QByteArray text;
    TokenTable table;
};

Result<Present> readPresent(const std::filesystem::path& path) {
    if (!std::filesystem::exists(path)) return Present{};
    Result<TokenTable> table = loadTokens(path);
    if (!table) return table.error();
    QFile file(QString::fromStdString(path.string()));
    if (!file.open(QIODevice::ReadOnly))
        return Error{"read the tokens file", path.string(), file.errorString().toStdString(), "Run dyad as root"};
    return Present{file.read(static_cast<qint64>(maxTokensFileBytes)), std::move(table.value())};
}

Result<void> replace(const std::filesystem::path& path, const QByteArray& text) {
    QSaveFile file(QString::fromStdString(path.string())); // a new file, synced, that takes the old one's name
    const auto wrong = [&] {
        return Error{"write the tokens file", path.string(), file.errorString().toStdString(), "Run dyad as root"};
    };
    if (!file.open(QIODevice::WriteOnly)) return wrong();
    file.setPermissions(QFile::ReadOwner | QFile::WriteOwner);
    if (file.write(text) != text.size() || !file.commit()) return wrong();
    return {};
}

template <typename Change>
Result<void> changeLocked(const std::filesystem::path& path, Change change) {
    QLockFile lock(QString::fromStdString(path.string() + ".lock"));
    if (!lock.tryLock(lockPatienceMs))
        return Error{"lock the tokens file", path.string(), "another program changes it, or its folder can't be written",
                     "Run dyad as root, one after the other"};
    const Result<Present> present = readPresent(path);
    if (!present) return present.error();
    return change(present.value());
}

} // namespace

QByteArray newToken() {
    std::array<quint32, 8> words{};
    QRandomGenerator::system()->fillRange(words.data(), static_cast<qsizetype>(words.size()));
    return QByteArray(reinterpret_cast<const char*>(words.data()), sizeof words).toHex();
}

QByteArray digestOfToken(const QByteArray& token) {
    return QCryptographicHash::hash(token, QCryptographicHash::Sha256);
}

Result<void> checkTokenName(const std::string& name) {
    const bool good = !name.empty() && name.size() <= maxTokenNameBytes &&
                      std::all_of(name.begin(), name.end(), [](unsigned char each) {
                          return std::isalnum(each) != 0 || each == '.' || each == '-' || each == '_';
                      });
    if (good) return {};
    return Error{"name the token", name, "this is no name",
                 "Use 1 to 64 letters, digits, dots, dashes and underscores"};
}

Result<void> addToken(const std::filesystem::path& path, const Token& token) {
    if (Result<void> named = checkTokenName(token.name); !named) return named;
    return changeLocked(path, [&](const Present& present) -> Result<void> {
        const auto& known = present.table.tokens();
        for (const Token& each : known)
            if (each.name == token.name || each.digest == token.digest)
                return Error{"add the token", token.name,
                             each.name == token.name ? "there is a token of this name"
                                                     : "this very token is there already, as " + each.name,
                             "Revoke it first (`dyad token revoke " + each.name + "`), or take another name"};
        if (known.size() == maxTokens)
            return Error{"add the token", token.name, "there are " + std::to_string(maxTokens) + " tokens already",
                         "Revoke those that nobody uses"};
        QByteArray text = present.text;
        if (!text.isEmpty() && !text.endsWith('\n')) text += '\n';
        text += QByteArray::fromStdString(token.name) + ' ' + toText(token.role) + ' ' + token.digest.toHex() + '\n';
        return replace(path, text);
    });
}

Result<void> revokeToken(const std::filesystem::path& path, const std::string& name) {
    return changeLocked(path, [&](const Present& present) -> Result<void> {
        QByteArray text;
        bool found = false;
        std::string names;
        for (const QByteArray& line : present.text.split('\n')) {
            const QByteArray first = line.simplified().split(' ').first();
            if (!line.simplified().startsWith('#') && first == QByteArray::fromStdString(name))
                found = true;
            else
                text += line + '\n';
        }
        for (const Token& each : present.table.tokens())
            names += (names.empty() ? "" : ", ") + each.name;
        if (!found)
            return Error{"revoke the token", name, "there is no token of this name",
                         names.empty() ? "There are no tokens" : "The names are: " + names};
        text.chop(1); // the last line's end was split off, too
        return replace(path, text);
    });
}

} // namespace dyad::control
