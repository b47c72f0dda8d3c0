"""Chinese word lists and title templates for make_samples.py (our own text, MIT).

The templates are already cut into words by spaces; the notation is that of ``_words.py``.
"""

ZH_SLOTS: dict[str, str] = {
    # shared
    "city": "上海 | 成都 | 杭州 | 广州 | 武汉 | 西安 | 南京 | 青岛 | 厦门 | 昆明",
    "time": "今年 | 本周 | 下月 | 周末 | 春季 | 年底 | 近期 | 下周",
    "num": "3 | 5 | 8 | 10 | 12 | 20 | 30 | 50 | 100",
    "few": "两 | 三 | 四 | 五",
    "pct": "2% | 5% | 8% | 12% | 15% | 30%",
    # sports
    "team": "主队 | 客队 | 国家队 | 青年队 | 东道主 | 女队 | 卫冕 冠军 | 升班马",
    "ball": "足球 | 篮球 | 排球 | 手球 | 冰球 | 乒乓球",
    "game": "足球 | 篮球 | 羽毛球 | 网球 | 乒乓球 | 排球",
    "race": "游泳 | 马拉松 | 跳高 | 短跑 | 举重 | 滑雪",
    "match": "决赛 | 半决赛 | 小组赛 | 预选赛 | 揭幕战 | 友谊赛",
    "player": "门将 | 前锋 | 队长 | 老将 | 小将 | 后卫",
    "athlete": "老将 | 名将 | 奥运 冠军 | 世界 冠军 | 国手",
    "age": "29 | 31 | 33 | 35 | 36 | 38 | 40",
    "stage": "决赛 | 半决赛 | 四强 | 八强 | 复赛",
    "points": "20 | 24 | 28 | 31 | 35",
    "win": "逆转 取胜 | 险胜 对手 | 大胜 对手 | 惜败 对手 | 遗憾 告负 | 加时 取胜",
    # finance
    "firm": "银行 | 券商 | 保险 公司 | 房企 | 上市 公司 | 零售 企业 | 汽车 厂商",
    "asset": "股市 | 黄金 | 国债 | 油价 | 房价 | 人民币 汇率 | 铜价 | 白银",
    "move": "小幅 上涨 | 大幅 下跌 | 创 新高 | 跌至 新低 | 止跌 回升 | 震荡 走低",
    "profit": "净利润 | 营收 | 销售额 | 毛利 | 海外 收入",
    "macro": "贷款 余额 | 物价 指数 | 出口 总额 | 工业 产值 | 存款 总额 | 消费 总额",
    # tech
    "dev": "手机 | 平板 电脑 | 智能 手表 | 折叠屏 手机 | 笔记本 电脑 | 智能 眼镜",
    "hard": "芯片 | 机器人 | 无人机 | 服务器 | 传感器 | 电池",
    "soft": "操作 系统 | 浏览器 | 翻译 软件 | 语音 助手 | 地图 应用 | 输入法",
    "feat": "续航 | 屏幕 亮度 | 运算 速度 | 拍照 效果 | 安全 性能 | 充电 速度",
    "field": "人工智能 | 量子 计算 | 5G 网络 | 云 计算 | 自动 驾驶 | 卫星 通信",
    "vision": "人工智能 | 图像 识别 | 动作 捕捉 | 虚拟 现实",
    "road": "无人 出租车 | 无人 快递车 | 自动 巴士 | 送货 机器人",
    # entertainment
    "star": "歌手 | 导演 | 女演员 | 男主角 | 乐队 | 主持人 | 喜剧 演员 | 编剧",
    "singer": "歌手 | 乐队 | 民谣 歌手 | 摇滚 乐队 | 流行 组合",
    "actor": "女演员 | 男主角 | 喜剧 演员 | 新人 演员 | 老 戏骨",
    "show": "电影 | 电视剧 | 音乐剧 | 纪录片 | 动画片 | 网剧",
    "film": "电影 | 动画片 | 纪录片 | 贺岁片",
    "genre": "悬疑 | 爱情 | 科幻 | 古装 | 喜剧 | 青春",
    "react": "口碑 两极 | 好评 不断 | 引发 热议 | 观众 泪目 | 话题 不断",
    # education
    "school": "大学 | 中学 | 小学 | 职业 学校 | 师范 学院 | 高中",
    "young": "中学 | 小学 | 高中 | 初中 | 实验 学校",
    "univ": "大学 | 职业 学校 | 师范 学院 | 理工 学院 | 研究生院",
    "pupil": "新生 | 毕业生 | 考生 | 学生 | 家长 | 留学生",
    "exam": "高考 | 中考 | 研究生 考试 | 英语 考试 | 期末 考试 | 教师 资格 考试",
    "course": "数学 | 阅读 | 写作 | 编程 | 体育 | 音乐 | 历史 | 劳动",
}

ZH_TEMPLATES: dict[str, str] = {
    "sports": """
{team} {match} {win} ， 球迷 热议
{city} {game} 公开赛 {time} 开赛 ， {num} 支 队伍 参加
{player} 独 得 {points} 分 ， {team} {win}
{team} {player} 受伤 ， 将 缺席 {match}
{ball} {match} ： {team} 主场 {win}
{age} 岁 {athlete} 宣布 退役 ， 结束 {race} 生涯
{team} 公布 {match} 名单 ， {player} 入选
{ball} 联赛 ： {team} {win} ， 排名 第 {num}
{athlete} 打破 尘封 {num} 年 的 {race} 纪录
{city} {ball} {match} 爆冷 ， {team} {win}
加时 绝杀 ！ {team} 晋级 {ball} {stage}
{team} 备战 {match} ， {player} 恢复 训练
{city} 举办 {race} 大赛 ， {num} 名 选手 参加
""",
    "finance": """
{time} {asset} {move} ， 投资者 观望
{firm} {profit} 增长 {pct} ， 股价 {move}
{asset} {move} ， 分析师 提醒 风险
央行 下调 利率 ， {asset} {move}
{firm} 拟 募资 {num} 亿元 ， 投资者 观望
{city} {macro} 同比 下降 {pct}
{firm} 发布 年报 ， {profit} 增长 {pct}
{city} {firm} 因 违规 被 罚 {num} 万元
专家 ： {time} {asset} 或 {move}
{macro} 公布 ， {asset} {move}
{firm} 裁员 {pct} ， {profit} 连续 {few} 个 季度 下滑
{num} 家 {firm} 下调 {profit} 预期
{city} {macro} 突破 {num} 亿元 ， 增长 {pct}
""",
    "tech": """
新款 {dev} {time} 发布 ， {feat} 提升 {pct}
{soft} 推出 新版 ， 修复 {num} 个 漏洞
{city} 建成 {field} 实验室 ， {time} 开放
{field} 取得 突破 ， {hard} 性能 翻倍
{dev} {feat} 实测 ： 比 上代 提升 {pct}
{soft} 用户 突破 {num} 亿
科学家 用 {field} 改进 {hard} 设计
{city} {time} 试点 {field} ， {num} 台 {road} 上路
{soft} 支持 {dev} ， 更新 {time} 推送
一文 看懂 {field} ： {hard} 为何 离不开 它
{dev} 出现 故障 ， 厂商 更新 {soft}
研究 团队 公布 {field} 成果 ， {hard} 成本 下降 {pct}
{dev} 销量 下降 {pct} ， 用户 更 看重 {feat}
""",
    "entertainment": """
{genre} {show} {time} 上线 ， {react}
{star} 新作 亮相 {city} ， {react}
{singer} {city} 演唱会 {time} 开票 ， {num} 分钟 售罄
{star} 首次 执导 {genre} {show}
{genre} {show} 定档 {time} ， {actor} 领衔 主演
{city} 电影节 开幕 ， {num} 部 {genre} {film} 入围
{actor} 回应 退出 {show} 传闻 ， {react}
{film} 票房 突破 {num} 亿 ， {actor} 发文 致谢
{star} 与 {star} 合作 {genre} {show} ， {react}
{genre} {show} 拍摄 {num} 个 月 ， {time} 杀青
{star} 宣布 结婚 ， 粉丝 送上 祝福
经典 {genre} {film} {time} 重映 ， {react}
{singer} 新 专辑 销量 突破 {num} 万
""",
    "education": """
{city} {exam} {time} 开始 ， {num} 万 考生 参加
{school} {time} 开学 ， {pupil} 准备 好 了 吗
{city} {young} 新增 {course} 课
{exam} 成绩 {time} 公布 ， 考生 可 上网 查询
{young} 减少 作业 ， 家长 表示 支持
{city} {young} 招聘 {num} 名 {course} 教师
{course} 课 怎么 上 ？ {young} 教师 这样 说
{exam} 改革 ： 写作 分值 提高 {pct}
{city} {num} 所 {school} 公布 招生 计划
毕业生 就业 调查 ： {pct} 选择 去 {city}
{school} 图书馆 {time} 向 {pupil} 开放
{exam} 倒计时 {num} 天 ， 考生 如何 复习
{univ} 学费 上涨 {pct} ， {pupil} 热议
""",
}

# Titles that two editors could file under different labels: "label label :: title".
ZH_MIXED: str = """
sports finance :: {ball} 俱乐部 {time} 上市 ， 股价 {move}
finance sports :: {team} 夺冠 ， 赞助 {firm} {profit} 增长 {pct}
sports education :: {city} {school} {game} 联赛 {time} 开赛
education sports :: {game} 进 校园 ， {player} 给 学生 上课
entertainment sports :: {athlete} 参加 综艺 节目 ， {react}
entertainment sports :: {game} 题材 {show} {time} 上线 ， {react}
sports tech :: {ball} {match} 首次 使用 {vision} 辅助 判罚
tech sports :: {dev} 走进 {game} 赛场
finance tech :: {hard} 厂商 {profit} 增长 {pct}
tech finance :: {firm} 投资 {num} 亿元 布局 {field}
finance tech :: {field} 概念 股价 {move}
finance education :: {city} 发放 学生 助学 贷款 {num} 亿元
finance education :: 在线 教育 平台 {profit} 下降 {pct}
finance entertainment :: 影视 公司 {profit} 下滑 ， {film} 票房 不佳
entertainment finance :: {film} 大卖 ， 出品方 股价 {move}
education tech :: {univ} 开设 {field} 专业 ， {time} 招生
tech education :: {soft} 走进 {young} 课堂 ， 学生 反应 不一
entertainment tech :: {vision} 参与 制作 {show} ， {react}
tech entertainment :: {actor} 代言 新款 {dev} ， {react}
entertainment education :: {young} 题材 {show} {time} 上线 ， {react}
education entertainment :: {star} 重返 {univ} ， 为 学生 授课
"""
