// The edge table of RFC 9293's figure 5, and the diagram in the documentation made from it.
#include "stack/tcp/state.h"

#include <fstream>
#include <sstream>
#include <string>

#include "gtest/gtest.h"

namespace drywire {
namespace {

TEST(TcpStateTest, HoldsEveryEdgeOfFigure5) {
  int edges = 0;
  for (const TcpEdge& edge : kTcpEdges) edges += edge.source == kFigure5;
  // 21 arrows; FIN-WAIT-1 to TIME-WAIT (FIN and ACK of FIN in one segment) is two steps here.
  EXPECT_EQ(edges, 20);
  EXPECT_EQ(NextState(TcpState::kFinWait1, TcpEvent::kReceiveAckOfFin), TcpState::kFinWait2);
  EXPECT_EQ(NextState(TcpState::kFinWait2, TcpEvent::kReceiveFin), TcpState::kTimeWait);
}

TEST(TcpStateTest, EveryStateCanBeReachedAndLeft) {
  for (int i = 0; i < kTcpStateCount; ++i) {
    bool in = false;
    bool out = false;
    for (const TcpEdge& edge : kTcpEdges) {
      in |= static_cast<int>(edge.to) == i;
      out |= static_cast<int>(edge.from) == i;
    }
    EXPECT_TRUE(in && out) << TcpStateName(static_cast<TcpState>(i));
  }
}

TEST(TcpStateDeathTest, AMissingEdgeIsAProgrammingError) {
  EXPECT_FALSE(HasEdge(TcpState::kClosed, TcpEvent::kReceiveFin));
  EXPECT_DEATH(NextState(TcpState::kClosed, TcpEvent::kReceiveFin),
               "no edge from CLOSED by rcv FIN");
}

TEST(TcpStateTest, DocumentationShowsTheTable) {
  std::ifstream file("docs/tcp-states.md");
  ASSERT_TRUE(file.good());
  std::stringstream text;
  text << file.rdbuf();
  EXPECT_NE(text.str().find("```mermaid\n" + StateDiagram() + "```"), std::string::npos)
      << "docs/tcp-states.md should hold:\n```mermaid\n"
      << StateDiagram() << "```";
}

}  // namespace
}  // namespace drywire
