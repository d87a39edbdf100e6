// SPDX-License-Identifier: Apache-2.0
// The reader of requests, fed in all sorts of pieces.
#include "control/server/http.h"

#include <QTest>

using namespace dyad::control;
using Progress = RequestReader::Progress;

namespace {

const Bounds small{.headerBytes = 256, .bodyBytes = 16};

// The reader's last word after the bytes came `step` at a time.
Progress fed(RequestReader& reader, const QByteArray& bytes, qsizetype step) {
    QByteArray input;
    Progress progress = Progress::NeedsMore;
    for (qsizetype i = 0; i < bytes.size() && progress == Progress::NeedsMore; i += step) {
        input += bytes.mid(i, step);
        progress = reader.feed(input);
    }
    return progress;
}

} // namespace

class ControlHttpTest : public QObject {
    Q_OBJECT
private Q_SLOTS:
    void requestsComeInAnyPieces() {
        const QByteArray bytes = "POST /v1/x?after=3 HTTP/1.1\r\nHost: a\r\nAuthorization: Bearer t\r\nLast-Event-ID: "
                                 "7\r\nContent-Length: 5\r\n\r\nhello";
        for (qsizetype step = 1; step <= bytes.size(); ++step) {
            RequestReader reader(small);
            QCOMPARE(int(fed(reader, bytes, step)), int(Progress::Complete));
            const Request request = reader.take();
            QCOMPARE(request.method, QByteArray("POST"));
            QCOMPARE(request.target, QByteArray("/v1/x?after=3"));
            QCOMPARE(request.authorization, QByteArray("Bearer t"));
            QCOMPARE(request.lastEventId, QByteArray("7"));
            QCOMPARE(request.body, QByteArray("hello"));
            QVERIFY(request.keepAlive);
            QVERIFY(!reader.started());
        }
    }

    // A trailer in small pieces runs into an assertion of Boost.Beast 1.74: chunks must never get so far.
    void chunksAreNotTaken() {
        const QByteArray head = "POST / HTTP/1.1\r\nHost: a\r\nTransfer-Encoding: chunked\r\n\r\n";
        for (const QByteArray& rest : {QByteArray("3\r\nabc\r\n0\r\n\r\n"), QByteArray("0\r\nX: y\r\n\r\n"),
                                       QByteArray("1;") + QByteArray(600, 'a')}) {
            for (const qsizetype step : {qsizetype{1}, qsizetype{4}, qsizetype{1000}}) {
                RequestReader reader(small);
                QCOMPARE(int(fed(reader, head + rest, step)), int(Progress::Bad));
                QCOMPARE(reader.status(), 411u);
            }
        }
    }

    void whatFollowsIsLeftForTheNext() {
        RequestReader reader(small);
        QByteArray input = "GET /a HTTP/1.1\r\nHost: a\r\n\r\nGET /b HTTP/1.0\r\n\r\n";
        QCOMPARE(int(reader.feed(input)), int(Progress::Complete));
        QCOMPARE(reader.take().target, QByteArray("/a"));
        QCOMPARE(int(reader.feed(input)), int(Progress::Complete));
        const Request second = reader.take();
        QCOMPARE(second.target, QByteArray("/b"));
        QVERIFY(!second.keepAlive);
        QVERIFY(input.isEmpty());
    }

    void tooMuchIsRefused_data() {
        QTest::addColumn<QByteArray>("bytes");
        QTest::addColumn<unsigned>("status");
        const QByteArray head = "POST / HTTP/1.1\r\nHost: a\r\n";
        QTest::newRow("target") << "GET /" + QByteArray(500, 'a') + " HTTP/1.1\r\n\r\n" << 431u;
        QTest::newRow("one field") << head + "X: " + QByteArray(500, 'a') + "\r\n\r\n" << 431u;
        QTest::newRow("many fields") << head + QByteArray("X: y\r\n").repeated(60) + "\r\n" << 431u;
        QTest::newRow("body announced") << head + "Content-Length: 17\r\n\r\n" << 413u;
        QTest::newRow("body beyond counting") << head + "Content-Length: 18446744073709551615\r\n\r\n" << 413u;
    }
    void tooMuchIsRefused() {
        QFETCH(QByteArray, bytes);
        QFETCH(unsigned, status);
        for (const qsizetype step : {qsizetype{1}, qsizetype{7}, bytes.size()}) {
            RequestReader reader(small);
            QCOMPARE(int(fed(reader, bytes, step)), int(Progress::Bad));
            QCOMPARE(reader.status(), status);
            QVERIFY(!reader.trouble().isEmpty());
        }
    }

    void nonsenseIsRefused_data() {
        QTest::addColumn<QByteArray>("bytes");
        QTest::newRow("binary") << QByteArray("\x16\x03\x01\x02\x00\x01\x00\x01\xfc\x03\x03\r\n\r\n", 15);
        QTest::newRow("no version") << QByteArray("GET /\r\n\r\n");
        QTest::newRow("version 2") << QByteArray("PRI * HTTP/2.0\r\n\r\n");
        QTest::newRow("two lengths") << QByteArray("GET / HTTP/1.1\r\nContent-Length: 1\r\nContent-Length: 2\r\n\r\n");
        QTest::newRow("length and chunks")
            << QByteArray("GET / HTTP/1.1\r\nContent-Length: 1\r\nTransfer-Encoding: chunked\r\n\r\n");
        QTest::newRow("negative length") << QByteArray("GET / HTTP/1.1\r\nContent-Length: -1\r\n\r\n");
        QTest::newRow("field without name") << QByteArray("GET / HTTP/1.1\r\n: a\r\n\r\n");
        QTest::newRow("space in target") << QByteArray("GET /a b HTTP/1.1\r\n\r\n");
    }
    void nonsenseIsRefused() {
        QFETCH(QByteArray, bytes);
        RequestReader reader(small);
        QCOMPARE(int(fed(reader, bytes, bytes.size())), int(Progress::Bad));
        QCOMPARE(reader.status(), 400u);
    }

    void aStreamHasNoLength() {
        const QByteArray bytes = toBytes(Response{.contentType = "text/event-stream", .stream = 0}, 11, true, false);
        QVERIFY(bytes.startsWith("HTTP/1.1 200 OK\r\n"));
        QVERIFY(bytes.endsWith("\r\n\r\n"));
        QVERIFY(bytes.contains("Connection: close\r\n"));
        QVERIFY(!bytes.contains("Content-Length"));
    }

    void answersCarryTheirLength() {
        const QByteArray bytes = toBytes(Response{.status = 404, .body = "{}"}, 11, true, false);
        QVERIFY(bytes.startsWith("HTTP/1.1 404 Not Found\r\n"));
        QVERIFY(bytes.contains("Content-Length: 2\r\n"));
        QVERIFY(bytes.endsWith("\r\n\r\n{}"));
    }
};

QTEST_APPLESS_MAIN(ControlHttpTest)
#include "control_http_test.moc"
