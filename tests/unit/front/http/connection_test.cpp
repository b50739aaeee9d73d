#include "nexus/front/http/connection.h"

#include <gmock/gmock.h>

#include <boost/asio/co_spawn.hpp>
#include <boost/asio/write.hpp>

#include "nexus/foundation/budget/bounded_ledger.h"

namespace nexus::http {
namespace {

using testing::ElementsAre;
using testing::HasSubstr;
using testing::IsEmpty;
using testing::StartsWith;

// Responds with the request's body, at once or when the test says so.
class Echo final : public Service {
 public:
  std::optional<Error> refuse_head(Request& request) override {
    if (request.target != "/forbidden") return std::nullopt;
    return Error{.code = ErrorCode::kOriginNotAllowed, .message = "no"};
  }
  std::optional<Task<void>> serve(const Request& request, Response& response) override {
    served.push_back(request.target);
    hosts.push_back(request.host);
    response.body() = request.target + "=" + request.body + std::string(padding, ' ');
    return std::nullopt;
  }
  Error count_refusal(Error error) override {
    refused.push_back(error.code);
    if (error.code == ErrorCode::kOverloaded) error.retry_after_ms = 7000;
    return error;
  }
  void count_response(const Request&, unsigned status) override { answered.push_back(status); }

  std::size_t padding = 0;
  std::vector<std::string> served;
  std::vector<std::string> hosts;
  std::vector<ErrorCode> refused;
  std::vector<unsigned> answered;
};

class ConnectionTest : public testing::Test {
 protected:
  ConnectionTest() : client_(loop_) {
    asio::basic_socket_acceptor<asio::ip::tcp, Executor> acceptor(loop_,
                                                                  {asio::ip::address_v4::loopback(), 0});
    client_.connect(acceptor.local_endpoint());
    client_.set_option(asio::ip::tcp::no_delay(true));  // send small pieces at once
    Socket socket = acceptor.accept();
    socket.non_blocking(true);
    time_.date = "today";
    connection_.emplace(std::move(socket), Port::kAll, echo_, rules_, time_, ledger_);
    asio::co_spawn(loop_, connection_->run(), [this](std::exception_ptr) { is_closed_ = true; });
  }

  void send(std::string_view text) { asio::write(client_, asio::buffer(text)); }
  void half_close() { client_.shutdown(asio::socket_base::shutdown_send); }

  // Runs the loop until it only waits for the client or the clock.
  void settle() {
    while (loop_.poll() > 0) {
    }
  }
  // Everything that the client has received so far.
  std::string received() {
    settle();
    client_.non_blocking(true);
    std::string text(1 << 20, '\0');
    std::size_t size = 0;
    ErrorCondition error;
    while (!error)
      size += client_.read_some(asio::buffer(text.data() + size, text.size() - size), error);
    text.resize(size);
    return text;
  }
  void pass(std::int64_t ms) {
    settle();
    time_.now_ms += ms;
    connection_->sweep();
    settle();
  }

  asio::io_context loop_{1};
  ConnectionRules rules_{.body_limit_bytes = 1000,
                         .header_limit_bytes = 500,
                         .idle_ms = 100,
                         .read_ms = 50,
                         .write_ms = 50,
                         .linger_ms = 20};
  LoopTime time_;
  budget::BoundedLedger ledger_;
  Echo echo_;
  Socket client_;
  std::optional<Connection> connection_;
  bool is_closed_ = false;
};

TEST_F(ConnectionTest, RespondsAndStaysOpen) {
  send("GET /a HTTP/1.1\r\nHost: h\r\n\r\n");
  EXPECT_THAT(received(), StartsWith("HTTP/1.1 200 OK\r\n"));
  send("POST /b HTTP/1.1\r\nHost: h\r\nContent-Length: 2\r\n\r\nhi");
  EXPECT_THAT(received(), HasSubstr("\r\n\r\n/b=hi"));
  EXPECT_FALSE(is_closed_);
}

TEST_F(ConnectionTest, RespondsToPipelinedRequestsInOrder) {
  std::string many;
  for (int request = 0; request < 50; ++request) {
    many += "GET /" + std::to_string(request) + " HTTP/1.1\r\nHost: h\r\n\r\n";
  }
  send(many);
  const std::string responses = received();
  std::size_t at = 0;
  for (int request = 0; request < 50; ++request) {
    at = responses.find("\r\n\r\n/" + std::to_string(request) + "=", at);
    ASSERT_NE(at, std::string::npos) << request;
  }
}

// ---- charges ----

TEST_F(ConnectionTest, IsChargedForItsBuffersAndGivesThemBack) {
  EXPECT_EQ(ledger_.granted(budget::Kind::kBuffers), kConnectionBytes);
  rules_.body_limit_bytes = 1 << 20;
  send("POST /a HTTP/1.1\r\nHost: h\r\nContent-Length: 300000\r\n\r\n");
  send(std::string(200'000, 'x'));
  settle();
  EXPECT_GE(ledger_.granted(budget::Kind::kBuffers), 200'000u);
  send(std::string(100'000, 'x'));
  std::string response;
  for (int looks = 0; looks < 1000 && response.size() < 300'000; ++looks)
    response += received();
  EXPECT_THAT(response, StartsWith("HTTP/1.1 200 "));
  send("GET /b HTTP/1.1\r\nHost: h\r\n\r\n");
  received();
  EXPECT_LE(ledger_.granted(budget::Kind::kBuffers), kConnectionBytes + 200'000);
  half_close();
  settle();
  connection_.reset();
  EXPECT_EQ(ledger_.granted(budget::Kind::kBuffers), 0u);
}

TEST_F(ConnectionTest, ABodyThatTheLedgerRejectsIsA503WithTheLayer) {
  rules_.body_limit_bytes = 1 << 20;
  ledger_.set(kConnectionBytes + 100'000, {}, {});
  send("POST /a HTTP/1.1\r\nHost: h\r\nContent-Length: 300000\r\n\r\n" + std::string(200'000, 'x'));
  const std::string response = received();
  EXPECT_THAT(response, StartsWith("HTTP/1.1 503 "));
  EXPECT_THAT(response, HasSubstr(R"("layer":"budget")"));
  EXPECT_THAT(echo_.served, IsEmpty());
  EXPECT_THAT(echo_.refused, ElementsAre(ErrorCode::kOverloaded));
}

TEST_F(ConnectionTest, AResponseToAReadThatTheLedgerRejectsIsA503) {
  echo_.padding = 500'000;
  ledger_.set(kConnectionBytes + 100'000, {}, {});
  send("GET /a HTTP/1.1\r\nHost: h\r\n\r\n");
  EXPECT_THAT(received(), StartsWith("HTTP/1.1 503 "));
  EXPECT_LE(ledger_.granted(budget::Kind::kBuffers), kConnectionBytes + 100'000);
}

TEST_F(ConnectionTest, AResponseToAWriteIsSentDespiteTheLedger) {
  echo_.padding = 500'000;
  ledger_.set(kConnectionBytes + 100'000, {}, {});
  send("POST /a HTTP/1.1\r\nHost: h\r\n\r\n");
  EXPECT_THAT(received(), StartsWith("HTTP/1.1 200 "));
}

TEST_F(ConnectionTest, AcceptsABodyInPieces) {
  send("POST /a HTTP/1.1\r\nHost: h\r\nContent-Length: 4\r\n\r\nab");
  EXPECT_EQ(received(), "");
  send("cd");
  EXPECT_THAT(received(), HasSubstr("/a=abcd"));
}

TEST_F(ConnectionTest, SendsContinueOnce) {
  send("POST /a HTTP/1.1\r\nHost: h\r\nContent-Length: 4\r\nExpect: 100-continue\r\n\r\n");
  EXPECT_EQ(received(), "HTTP/1.1 100 Continue\r\n\r\n");
  send("ab");
  EXPECT_EQ(received(), "");
  send("cd");
  EXPECT_THAT(received(), HasSubstr("/a=abcd"));
}

TEST_F(ConnectionTest, RejectsByTheHeadBeforeTheBodyArrives) {
  send("POST /forbidden HTTP/1.1\r\nHost: h\r\nContent-Length: 900\r\nExpect: 100-continue\r\n\r\n");
  EXPECT_THAT(received(), StartsWith("HTTP/1.1 403 "));
  EXPECT_THAT(echo_.served, ElementsAre());
  EXPECT_THAT(echo_.refused, ElementsAre(ErrorCode::kOriginNotAllowed));
}

TEST_F(ConnectionTest, RefusesALargeBody) {
  send("POST /a HTTP/1.1\r\nHost: h\r\nContent-Length: 1001\r\n\r\n");
  EXPECT_THAT(received(), StartsWith("HTTP/1.1 413 "));
}

TEST_F(ConnectionTest, RefusesALargeHead) {
  send("GET /a HTTP/1.1\r\nHost: h\r\nX: " + std::string(1000, 'x') + "\r\n\r\n");
  EXPECT_THAT(received(), StartsWith("HTTP/1.1 431 "));
}

TEST_F(ConnectionTest, RefusesAnEndlessChunkHead) {
  send("POST /a HTTP/1.1\r\nHost: h\r\nTransfer-Encoding: chunked\r\n\r\n1;" + std::string(2000, 'x'));
  EXPECT_THAT(received(), StartsWith("HTTP/1.1 431 "));
}

TEST_F(ConnectionTest, RejectsMalformedRequests) {
  send("hello\r\n\r\n");
  EXPECT_THAT(received(), StartsWith("HTTP/1.1 400 "));
  EXPECT_THAT(echo_.refused, ElementsAre(ErrorCode::kInvalidRequest));
}

TEST_F(ConnectionTest, NeedsAHost) {
  send("GET /a HTTP/1.1\r\n\r\n");
  EXPECT_THAT(received(), StartsWith("HTTP/1.1 400 "));
}

TEST_F(ConnectionTest, AnHttp10ClientNeedsNoHostAndIsClosed) {
  send("GET /a HTTP/1.0\r\n\r\n");
  EXPECT_THAT(received(), HasSubstr("Connection: close\r\n"));
  EXPECT_THAT(echo_.hosts, ElementsAre(StartsWith("127.0.0.1:")));
}

TEST_F(ConnectionTest, RespondsToAClientThatHasStoppedSending) {
  send("GET /a HTTP/1.1\r\nHost: h\r\n\r\n");
  half_close();
  EXPECT_THAT(received(), HasSubstr("/a="));
  settle();
  EXPECT_TRUE(is_closed_);
}

TEST_F(ConnectionTest, RespondsToAnIncompleteRequest) {
  send("POST /a HTTP/1.1\r\nHost: h\r\nContent-Length: 4\r\n\r\nab");
  half_close();
  EXPECT_THAT(received(), StartsWith("HTTP/1.1 400 "));
  settle();
  EXPECT_TRUE(is_closed_);
}

TEST_F(ConnectionTest, NamesARepeatedHeader) {
  send("GET /a HTTP/1.1\r\nHost: h\r\nIdempotency-Key: 1\r\nidempotency-key: 2\r\n\r\n");
  const std::string response = received();
  EXPECT_THAT(response, StartsWith("HTTP/1.1 400 "));
  EXPECT_THAT(response, HasSubstr("the header Idempotency-Key is there more than once"));
  EXPECT_THAT(echo_.served, IsEmpty());
}

TEST_F(ConnectionTest, CountsEachResponseAlsoToMalformedRequests) {
  send("GET /a HTTP/1.1\r\nHost: h\r\n\r\nGET /forbidden HTTP/1.1\r\nHost: h\r\n\r\n");
  settle();
  EXPECT_THAT(echo_.answered, ElementsAre(200, 403));
}

TEST_F(ConnectionTest, ClosesAnIdleConnectionWithoutAResponse) {
  pass(99);
  EXPECT_FALSE(is_closed_);
  pass(1);
  EXPECT_TRUE(is_closed_);
  EXPECT_EQ(received(), "");
}

TEST_F(ConnectionTest, ASlowRequestTimesOutDespiteSingleBytes) {
  send("POST /a HTTP/1.1\r\nHost: h\r\nContent-Length: 400\r\n\r\n");
  for (int part = 0; part < 4; ++part) {
    send("x");
    pass(11);
  }
  EXPECT_EQ(received(), "");
  send("x");
  pass(11);
  EXPECT_THAT(received(), StartsWith("HTTP/1.1 408 "));
  pass(20);
  EXPECT_TRUE(is_closed_) << "a client that never closes is not waited for";
}

TEST_F(ConnectionTest, DrainingLetsTheCurrentRequestEnd) {
  send("POST /a HTTP/1.1\r\nHost: h\r\nContent-Length: 4\r\n\r\nab");
  settle();
  connection_->drain();
  settle();
  EXPECT_FALSE(is_closed_);
  send("cd");
  EXPECT_THAT(received(), HasSubstr("Connection: close\r\n"));
}

TEST_F(ConnectionTest, DrainingClosesIdleConnections) {
  settle();
  connection_->drain();
  settle();
  EXPECT_TRUE(is_closed_);
}

TEST_F(ConnectionTest, DrainingServesARequestThatHasArrived) {
  settle();
  send("GET /a HTTP/1.1\r\nHost: h\r\n\r\n");
  connection_->drain();
  EXPECT_THAT(received(), AllOf(StartsWith("HTTP/1.1 200 "), HasSubstr("Connection: close\r\n")));
}

TEST_F(ConnectionTest, DrainingBeforeTheFirstByteClosesToo) {
  connection_->drain();
  settle();
  EXPECT_TRUE(is_closed_);
}

}  // namespace
}  // namespace nexus::http
