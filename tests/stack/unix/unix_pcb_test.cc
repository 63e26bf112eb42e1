#include "stack/unix/unix_pcb.h"

#include <cstring>
#include <memory>
#include <string>

#include "gtest/gtest.h"
#include "stack/personality/profile.h"

namespace drywire {
namespace {

enum class Kind { kStream, kDatagram, kSequenced };

// Counts what it is told.
class FakeSocket final : public UnixPcb {
 public:
  FakeSocket(const UnixProfile* profile, UnixMessagePool* pool, Kind kind)
      : UnixPcb(profile, pool, kind != Kind::kDatagram, kind == Kind::kStream) {
    set_buffers(profile->flow_rule == UnixFlowRule::kSenderMemory ? 212992 : 8192, 16384);
  }
  ~FakeSocket() override { Close(); }

  int holds = 0;
  int arrivals = 0;
  int send_rooms = 0;
  int changes = 0;
  int queue_rooms = 0;
  int queue_ends = 0;

 private:
  void Hold() override { ++holds; }
  void LetGo() override { --holds; }
  void OnArrival() override { ++arrivals; }
  void OnSendRoom() override { ++send_rooms; }
  void OnStateChange() override { ++changes; }
  void OnQueueRoom() override { ++queue_rooms; }
  void OnQueueGone() override { ++queue_ends; }
};

class UnixPcbTest : public testing::Test {
 protected:
  std::unique_ptr<FakeSocket> New(Kind kind) {
    return std::make_unique<FakeSocket>(&profile_, &pool_, kind);
  }
  static void Send(FakeSocket& from, UnixPcb& to, const std::string& data) {
    UnixMessage* const message = from.NewMessage(data.size());
    std::memcpy(message->data, data.data(), data.size());
    from.Deliver(message, to);
  }
  static std::string Take(UnixPcb& from) {
    UnixMessage* const message = from.Pop();
    std::string data(reinterpret_cast<const char*>(message->unread()), message->left());
    from.Discard(message);
    return data;
  }

  UnixProfile profile_ = LinuxProfile().unix_domain;
  UnixMessagePool pool_;
};

TEST_F(UnixPcbTest, ConnectionsWaitInOrder) {
  auto listener = New(Kind::kStream);
  auto first = New(Kind::kStream);
  auto second = New(Kind::kStream);
  auto first_server = New(Kind::kStream);
  auto second_server = New(Kind::kStream);
  listener->Listen(0);
  EXPECT_FALSE(listener->BacklogFull());
  first->ConnectTo(*listener, *first_server);
  EXPECT_TRUE(listener->BacklogFull());
  second->ConnectTo(*listener, *second_server);
  EXPECT_EQ(listener->arrivals, 2);
  EXPECT_EQ(first_server->holds, 1);
  EXPECT_EQ(first->state(), UnixState::kConnected);
  EXPECT_EQ(listener->TakeConnection(), first_server.get());
  EXPECT_EQ(listener->queue_rooms, 1);
  EXPECT_EQ(listener->TakeConnection(), second_server.get());
  EXPECT_EQ(listener->TakeConnection(), nullptr);
}

TEST_F(UnixPcbTest, AListenerThatGoesResetsWhoWaits) {
  auto listener = New(Kind::kStream);
  auto client = New(Kind::kStream);
  auto server = New(Kind::kStream);
  listener->Listen(5);
  client->ConnectTo(*listener, *server);
  listener->Close();
  EXPECT_EQ(listener->queue_ends, 2);  // more backlog than none, and the end
  EXPECT_EQ(client->TakeError(), Cause::kPeerClosedUnread);
  EXPECT_TRUE(client->receive_shut() && client->send_shut());
  EXPECT_EQ(server->holds, 0);
}

TEST_F(UnixPcbTest, WhatWasSentIsChargedUntilItIsRead) {
  auto first = New(Kind::kStream);
  auto second = New(Kind::kStream);
  UnixPcb::Join(*first, *second);
  Send(*first, *second, "hello");
  EXPECT_EQ(first->charged(), 768);
  EXPECT_EQ(first->holds, 1);
  EXPECT_EQ(second->queue().bytes(), 5);
  second->Consume(2);
  EXPECT_EQ(first->charged(), 768);
  EXPECT_EQ(first->send_rooms, 0);
  second->Consume(3);
  EXPECT_EQ(first->charged(), 0);
  EXPECT_EQ(first->send_rooms, 1);
  EXPECT_EQ(first->holds, 0);
  EXPECT_EQ(pool_.live(), 0u);
}

// The memory of messages as SIOCOUTQ tells it on Linux 6.18.
TEST_F(UnixPcbTest, Charges) {
  const struct {
    size_t size;
    int64_t stream;
    int64_t message;
  } kCases[] = {{0, 768, 768},         {192, 768, 768},       {193, 1280, 1280},
                {3776, 4352, 4352},    {3777, 4864, 8448},    {16064, 16640, 16640},
                {16065, 17152, 20736}, {36544, 37120, 37120}, {212960, 0, 332032}};
  for (const auto& c : kCases) {
    for (const Kind kind : {Kind::kStream, Kind::kDatagram}) {
      auto first = New(kind);
      auto second = New(kind);
      UnixPcb::Join(*first, *second);
      Send(*first, *second, std::string(c.size, 'x'));
      if (kind == Kind::kStream && c.stream == 0) continue;  // more than one message holds
      EXPECT_EQ(first->charged(), kind == Kind::kStream ? c.stream : c.message) << c.size;
    }
  }
  EXPECT_EQ(New(Kind::kStream)->LargestPart(), 36544u);
}

// unix_writable(): a quarter of the buffer.
TEST_F(UnixPcbTest, WritableAtAQuarter) {
  auto first = New(Kind::kStream);
  auto second = New(Kind::kStream);
  UnixPcb::Join(*first, *second);
  while (first->HasSendRoom()) Send(*first, *second, "x");
  EXPECT_EQ(second->queue().messages(), 278);
  while (!first->IsWritable()) {
    EXPECT_EQ(first->send_rooms, 0);
    second->Consume(1);
  }
  EXPECT_EQ(second->queue().messages(), 69);
  EXPECT_EQ(first->send_rooms, 1);
}

TEST_F(UnixPcbTest, UnreadDataAtClose) {
  for (const bool resets : {true, false}) {
    profile_.unread_data_resets = resets;
    auto first = New(Kind::kStream);
    auto second = New(Kind::kStream);
    UnixPcb::Join(*first, *second);
    Send(*first, *second, "unread");
    second->Close();
    EXPECT_EQ(first->TakeError(), resets ? Cause::kPeerClosedUnread : Cause::kNone);
    EXPECT_EQ(first->peer(), nullptr);
    EXPECT_TRUE(first->peer_gone());
    EXPECT_EQ(first->charged(), 0);
  }
}

TEST_F(UnixPcbTest, ADatagramSocketTakesFromItsPeerOnly) {
  auto one = New(Kind::kDatagram);
  auto two = New(Kind::kDatagram);
  auto stranger = New(Kind::kDatagram);
  EXPECT_TRUE(one->TakesFrom(*stranger));
  one->SetPeer(two.get());
  EXPECT_FALSE(one->TakesFrom(*stranger));
  EXPECT_TRUE(one->TakesFrom(*two));
  // Also after the peer is gone, until that was found out.
  two->Close();
  EXPECT_FALSE(one->TakesFrom(*stranger));
  one->SetPeer(nullptr);
  EXPECT_TRUE(one->TakesFrom(*stranger));
  profile_.connected_refuses_others = false;
  one->SetPeer(stranger.get());
  EXPECT_TRUE(one->TakesFrom(*one));
}

// net.unix.max_dgram_qlen: one more than that, but not for those connected to each other.
TEST_F(UnixPcbTest, FullDatagramQueue) {
  auto receiver = New(Kind::kDatagram);
  auto sender = New(Kind::kDatagram);
  sender->SetPeer(receiver.get());
  for (int i = 0; i < 11; ++i) {
    EXPECT_FALSE(receiver->QueueFullFor(*sender, 1));
    Send(*sender, *receiver, "x");
  }
  EXPECT_TRUE(receiver->QueueFullFor(*sender, 1));
  sender->AwaitPeerRoom();
  const int before = sender->send_rooms;
  EXPECT_EQ(Take(*receiver), "x");
  EXPECT_EQ(receiver->queue_rooms, 1);
  EXPECT_EQ(sender->send_rooms, before + 2);  // its own buffer, and the receiver's queue
  receiver->SetPeer(sender.get());
  for (int i = 0; i < 20; ++i) Send(*sender, *receiver, "x");
  EXPECT_FALSE(receiver->QueueFullFor(*sender, 1));
  receiver->Close();
  EXPECT_EQ(sender->charged(), 0);
}

// unix_dgram_disconnected(): what the old peer sent is lost, which it learns.
TEST_F(UnixPcbTest, ReconnectingForgetsWhatTheOldPeerSent) {
  auto one = New(Kind::kDatagram);
  auto two = New(Kind::kDatagram);
  auto third = New(Kind::kDatagram);
  UnixPcb::Join(*one, *two);
  Send(*one, *two, "lost");
  two->SetPeer(third.get());
  EXPECT_TRUE(two->queue().empty());
  EXPECT_EQ(one->TakeError(), Cause::kPeerClosedUnread);
  EXPECT_EQ(one->peer(), two.get());
  // With nothing queued nobody is told.
  two->SetPeer(one.get());
  two->SetPeer(nullptr);
  EXPECT_EQ(one->TakeError(), Cause::kNone);
}

// FreeBSD: bytes in the receiver's queue.
TEST_F(UnixPcbTest, ReceiversBytesOnFreeBsd) {
  profile_ = FreeBsdProfile().unix_domain;
  auto first = New(Kind::kStream);
  auto second = New(Kind::kStream);
  UnixPcb::Join(*first, *second);
  Send(*first, *second, std::string(8191, 'x'));
  EXPECT_TRUE(first->HasSendRoom());
  Send(*first, *second, "x");
  EXPECT_FALSE(first->HasSendRoom());
  second->Consume(1);
  EXPECT_TRUE(first->HasSendRoom());
  EXPECT_EQ(first->send_rooms, 1);
  auto receiver = New(Kind::kDatagram);
  auto sender = New(Kind::kDatagram);
  EXPECT_FALSE(receiver->QueueFullFor(*sender, 16384 - 16));
  EXPECT_TRUE(receiver->QueueFullFor(*sender, 16384 - 15));
  sender->SetPeer(receiver.get());
  receiver->Close();
  EXPECT_EQ(sender->TakeError(), Cause::kDatagramPeerGone);
  EXPECT_EQ(sender->state(), UnixState::kUnconnected);
}

TEST_F(UnixPcbTest, MessagesAreReused) {
  UnixMessage* const small = pool_.New(10);
  const uint8_t* const data = small->data;
  pool_.Delete(small);
  UnixMessage* const again = pool_.New(60);
  EXPECT_EQ(again->data, data);
  EXPECT_EQ(again->size, 60u);
  pool_.Delete(again);
  // Larger than what is kept.
  UnixMessage* const large = pool_.New(100'000);
  std::memset(large->data, 1, 100'000);
  pool_.Delete(large);
  EXPECT_EQ(pool_.live(), 0u);
}

}  // namespace
}  // namespace drywire
